import type { Sharing } from './parallel.ts';

/** What the README says of a project. */
interface ReadmeNeeds {
  readonly title: string;
  readonly className: string;
  readonly steps: number;
  readonly dtype: 'float32' | 'float64';
  readonly sharing: Sharing;
  /** Why several ranks cannot share a step. */
  readonly alone: string | null;
  readonly hasData: boolean;
  readonly batchNorm: boolean;
  readonly drawsInModel: boolean;
  readonly shards: boolean;
  readonly scheduler: 'epoch' | 'step' | null;
}

const shared: Readonly<Record<Sharing, string>> = {
  mean: "The loss is a mean over samples: each rank's counts by its share of the batch.",
  sum: "The loss is a sum over samples: the ranks' are added up.",
  weighted:
    'The loss is a mean over the weights of the targets that are not ignored: what it divides by is added up over all ranks.',
  whole:
    'The loss may look at the whole batch: each rank computes it of all outputs, which are gathered, and its own part of the gradient.',
  alone: '',
};

/** The text of README.md. */
export function readmeText(needs: ReadmeNeeds): string {
  const { title, className, steps, dtype, sharing, alone, hasData, batchNorm, drawsInModel, shards } = needs;
  const notes = [
    'A batch is cut into shares, which may differ by one sample; all ranks together see the batches that one process sees, ' +
      'in the same order (by `--seed` and epoch), no sample twice.',
    shared[sharing],
    ...(batchNorm
      ? [
          'Batch normalisation looks at the share of each rank alone, which is another training than that of one process; ' +
            '`--sync-batch-norm` takes the statistics of all ranks.',
        ]
      : []),
    ...(drawsInModel
      ? [
          'The model draws random numbers (dropout, say). One process goes on with the generator that Kindling left, and draws the ' +
            'same; several ranks draw each from a stream of its own, so their losses differ from those of one process as those of two seeds do.',
        ]
      : []),
    'Gradients are clipped after they were added up over all ranks.',
    ...(shards
      ? []
      : ["The optimizer's implementation in torch cannot work on shards: `--fsdp` is refused."]),
  ];
  const several =
    alone === null
      ? `What makes several ranks end where one process ends:\n\n${notes.map((note) => `- ${note}`).join('\n')}\n`
      : `It runs in one process only: ${alone}.\n`;
  return `# ${title}

\`${className}\`, trained in Kindling, goes on in PyTorch.

    pip install -r requirements.txt
    python verify.py                                 # the next ${steps} steps are those of Kindling
    python train.py                                  # one process
    torchrun --nproc-per-node 4 train.py             # DDP; --fsdp for shards, on many machines as torchrun has it

\`verify.py\` loads everything strictly, makes ${steps} steps on the CPU and compares losses, learning rates and parameters with
Kindling's, to ${dtype === 'float64' ? '1e-10' : '1e-5'} relative. \`python train.py --help\` lists the options: epochs or steps, bfloat16,
\`torch.compile\`, checkpoints and \`--resume\`.
${hasData ? '' : '\nThe dataset is not here: `training_data` in `data.py` is where yours goes; `--dry-run` trains on the reference batches.\n'}
| file | |
| --- | --- |
| \`model.py\`, \`loss.py\` | the model and the loss, with the lines they come from |
| \`train.py\`, \`parallel.py\`, \`state.py\`, \`data.py\` | the training: steps, what several ranks need, what is kept, samples |
| \`verify.py\`, \`reference.safetensors\` | the comparison with Kindling |
| \`state.safetensors\`, \`optimizer.*\`,${needs.scheduler === null ? '' : ' `scheduler.json`,'} \`generator.safetensors\`, \`progress.json\` | where Kindling left |

## Several ranks

${several}
## And back

    python train.py --export back

writes what Kindling loads: \`await importTorch('back', { model, optimizer${needs.scheduler === null ? '' : ', scheduler'} })\`.
`;
}
