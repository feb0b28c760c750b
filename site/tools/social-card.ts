/**
 * Draws the picture that is shown where the site is linked: a spiral, divided by a net that is trained for it.
 *
 *     npx tsx site/tools/social-card.ts
 */
import { join } from 'node:path';
import { manualSeed, noGrad, tensor } from '@kindling/core';
import { BCEWithLogitsLoss, Linear, Sequential, Tanh } from '@kindling/nn';
import { Adam } from '@kindling/optim';
import { chromium } from 'playwright-core';
import { browserArguments, findChromium } from '../test/browser/support/chromium.ts';

const path = join(import.meta.dirname, '../public/card.png');
const [width, height] = [1200, 630];
const cell = 6;

const points = Array.from({ length: 240 }, (_, i) => {
  const label = i % 2;
  const t = 0.35 + (i / 240) * 3.6;
  const angle = t * 1.55 + label * Math.PI;
  return { x: t * Math.cos(angle), y: t * Math.sin(angle), label };
});

manualSeed(1);
const net = new Sequential(new Linear(2, 32), new Tanh(), new Linear(32, 32), new Tanh(), new Linear(32, 1));
const lossFn = new BCEWithLogitsLoss();
const optimizer = new Adam(net.parameters(), { lr: 0.01 });
const x = tensor(
  points.map((p) => [p.x, p.y]),
  { dtype: 'float32' },
);
const y = tensor(
  points.map((p) => [p.label]),
  { dtype: 'float32' },
);
for (let i = 0; i < 3000; i++) {
  optimizer.zeroGrad();
  lossFn(net(x), y).backward();
  optimizer.step();
}

// The spiral lies at the right; its plane goes on behind the words.
const toPlane = (px: number, py: number): [number, number] => [(px - 850) / 72, (py - 315) / 72];
const cells: [number, number][] = [];
for (let py = 0; py < height; py += cell)
  for (let px = 0; px < width; px += cell) cells.push(toPlane(px + cell / 2, py + cell / 2));
const values = noGrad(() =>
  net(tensor(cells, { dtype: 'float32' }))
    .sigmoid()
    .flatten()
    .toArray(),
);

const browser = await chromium.launch({ executablePath: findChromium(), args: browserArguments });
const page = await browser.newPage({ viewport: { width, height } });
await page.setContent(`<style>
  body { margin: 0; font-family: system-ui, 'Noto Sans', 'DejaVu Sans', sans-serif; color: #fff }
  canvas { position: absolute; inset: 0 }
  div { position: absolute; left: 72px; top: 190px; text-shadow: 0 2px 16px #1b0f08, 0 0 4px #1b0f08 }
  b { font-size: 104px; letter-spacing: -2px; line-height: 1 } p { margin: 22px 0 0; font-size: 40px; line-height: 1.25 }
</style><canvas width="${width}" height="${height}"></canvas><div><b>Kindling</b><p>PyTorch for TypeScript,<br>made to be read</p></div>`);
await page.evaluate(
  ({ values, points, cell, width, height }) => {
    const context = document.querySelector('canvas')?.getContext('2d');
    if (!context) throw new Error('no canvas');
    for (const [i, value] of values.entries()) {
      const [px, py] = [(i * cell) % width, Math.floor((i * cell) / width) * cell];
      context.fillStyle = `rgb(${24 + 152 * value},${44 + 22 * value},${72 - 54 * value})`;
      context.fillRect(px, py, cell, cell);
    }
    const shade = context.createLinearGradient(0, 0, width * 0.6, 0);
    shade.addColorStop(0, 'rgba(27,15,8,.92)');
    shade.addColorStop(1, 'rgba(27,15,8,0)');
    context.fillStyle = shade;
    context.fillRect(0, 0, width, height);
    for (const { x, y, label } of points) {
      context.beginPath();
      context.arc(850 + x * 72, 315 + y * 72, 7, 0, 7);
      context.fillStyle = label === 1 ? '#ffb37a' : '#8cc4ff';
      context.fill();
      context.strokeStyle = 'rgba(20,10,5,.7)';
      context.lineWidth = 2;
      context.stroke();
    }
  },
  { values: values as number[], points, cell, width, height },
);
await page.screenshot({ path });
await browser.close();
console.log(`Written: ${path}`);
