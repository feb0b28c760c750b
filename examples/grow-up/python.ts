/** Python as the example calls it. */
import { spawn } from 'node:child_process';

/** What a command printed, and how it ended. */
interface Ended {
  readonly code: number | null;
  readonly text: string;
}

/** Runs a command in a folder; `null` where there is no such program. */
export function runIn(folder: string, command: string, args: readonly string[]): Promise<Ended | null> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: folder, env: { ...process.env, OMP_NUM_THREADS: '1' } });
    let text = '';
    const add = (part: Buffer): void => {
      text += part.toString();
    };
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    child.on('error', () => resolve(null));
    child.on('close', (code) => resolve({ code, text }));
  });
}

/** FSDP2 stands under its name from this version of torch on. */
const LEAST = [2, 6];

/** The version of torch that a Python has; `null` where it has none, or an older one than an export needs. */
export async function torchOf(python: string): Promise<string | null> {
  const ended = await runIn('.', python, ['-c', 'import torch, safetensors; print(torch.__version__)']);
  const version = ended?.code === 0 ? (ended.text.trim().split('\n').at(-1) ?? '') : '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [first = 0, second = 0] = LEAST;
  return major > first || (major === first && minor >= second) ? version : null;
}
