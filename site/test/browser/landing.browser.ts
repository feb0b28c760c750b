/** The landing page: it trains at once, is touched, dragged, edited, and weighs little. */
import { describe, expect, it } from 'vitest';
import { noteLoads, sum } from './support/first-load.ts';
import { addressOf, open } from './support/page.ts';
import { codeIn, reached, stepOf, trained } from './support/training.ts';

const points = '.k-point';

describe.each(['plain', 'isolated', 'strict'] as const)('on a %s host', (host) => {
  it('a net trains, and learns the spiral', async () => {
    const page = await open('index.html', { host });
    await trained(page, { beyond: 100 });
    await reached(page, { below: 0.05 });
  });
});

it('weighs less than 250 KB by gzip when it is opened, its chart included', async () => {
  const page = await open('404.html', { host: 'isolated' });
  const loads = noteLoads(page);
  await page.goto(addressOf('index.html', 'isolated'));
  await trained(page, { beyond: 200 });
  await page.locator('.uplot').waitFor();
  const weighed = await loads();
  expect(weighed.some(({ path }) => path.includes('uPlot'))).toBe(true);
  expect(sum(weighed), JSON.stringify(weighed, null, 1)).toBeLessThan(250_000);
});

it('does not move as it comes alive', async () => {
  const page = await open('404.html', { host: 'isolated' });
  await page.addInitScript(() => {
    Object.assign(globalThis, { shifted: 0 });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        Object.assign(globalThis, {
          shifted: Reflect.get(globalThis, 'shifted') + Reflect.get(entry, 'value'),
        });
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await page.goto(addressOf('index.html', 'isolated'));
  await trained(page, { beyond: 200 });
  expect(await page.evaluate(() => Reflect.get(globalThis, 'shifted'))).toBeLessThan(0.01);
});

describe('points', () => {
  it('are dragged by the pointer', async () => {
    const page = await open('index.html');
    await trained(page, { beyond: 10 });
    const point = page.locator(points).nth(20);
    const before = await point.getAttribute('aria-label');
    await point.hover();
    await page.mouse.down();
    const plane = await page.locator('.k-plane').boundingBox();
    await page.mouse.move((plane?.x ?? 0) + 30, (plane?.y ?? 0) + 30, { steps: 5 });
    await page.mouse.up();
    expect(await point.getAttribute('aria-label')).not.toBe(before);
    expect(await point.getAttribute('aria-label')).toMatch(/at -1\.[67], 1\.[67]/);
  });

  it('are added by a click, of the class that was chosen', async () => {
    const page = await open('index.html');
    await trained(page, { beyond: 10 });
    const count = await page.locator(points).count();
    await page.getByRole('radio', { name: 'Orange' }).check();
    await page.locator('.k-backdrop').click({ position: { x: 12, y: 12 } });
    expect(await page.locator(points).count()).toBe(count + 1);
    expect(await page.locator(points).last().getAttribute('aria-label')).toMatch(/^Orange point/);
  });

  it('are added, moved, turned and removed by keys', async () => {
    const page = await open('index.html');
    await trained(page, { beyond: 10 });
    const count = await page.locator(points).count();
    await page.getByRole('button', { name: 'Add a point' }).press('Enter');
    const point = page.locator(points).last();
    await expect.poll(() => point.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowUp');
    expect(await point.getAttribute('aria-label')).toBe('Blue point at 0.1, 0.1');
    await page.keyboard.press('Space');
    expect(await point.getAttribute('aria-label')).toBe('Orange point at 0.1, 0.1');
    await page.keyboard.press('Delete');
    expect(await page.locator(points).count()).toBe(count);
    await page.keyboard.press('PageUp');
    expect(await page.evaluate(() => document.activeElement?.className)).toContain('k-point');
  });
});

it('pauses, steps once, and goes on', async () => {
  const page = await open('index.html');
  await trained(page, { beyond: 10 });
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.waitForTimeout(300);
  const at = await stepOf(page);
  await page.getByRole('button', { name: 'Step', exact: true }).click();
  await expect.poll(() => stepOf(page)).toBe(at + 1);
  await page.getByRole('button', { name: 'Go on' }).click();
  await trained(page, { beyond: at + 50 });
});

describe('the code', () => {
  it('runs as it is typed; an error names its line, and what worked goes on', async () => {
    const page = await open('index.html');
    await trained(page, { beyond: 10 });
    await page.getByRole('button', { name: 'Edit' }).click();
    const editor = page.getByRole('textbox', { name: 'The program that trains the net' });
    await editor.waitFor();
    const text = (await codeIn(page)).replace("'spiral'", "'xor'");
    await editor.fill(text);
    const first = page.locator(points).first();
    const before = await first.getAttribute('aria-label');
    await expect.poll(() => first.getAttribute('aria-label'), { timeout: 30_000 }).not.toBe(before);
    await editor.fill(text.replace('manualSeed(0);', 'manualSeed(0).nothing();'));
    const outcome = page.locator('.k-outcome');
    await expect.poll(() => outcome.textContent(), { timeout: 30_000 }).toMatch(/Line \d+: TypeError/);
    expect(await outcome.textContent()).toContain('The last program that worked goes on.');
    const at = await stepOf(page);
    await trained(page, { beyond: at });
  });

  it('says so where the editor cannot be loaded, and opens it at the next try', async () => {
    const page = await open('index.html', { expected: /ERR_INTERNET_DISCONNECTED|ERR_FAILED/ });
    await trained(page, { beyond: 10 });
    await page.context().setOffline(true);
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('alert').filter({ hasText: 'The editor could not be loaded' }).waitFor();
    await page.context().setOffline(false);
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('textbox', { name: 'The program that trains the net' }).waitFor();
    expect(await page.getByText('The editor could not be loaded').count()).toBe(0);
  });

  it('has its step compiled by a button, and trains the same net', async () => {
    const page = await open('index.html');
    await trained(page, { beyond: 10 });
    await page.getByRole('button', { name: 'Compile the step' }).click();
    await expect.poll(() => codeIn(page), { timeout: 20_000 }).toContain('const step = compile(');
    await reached(page, { below: 0.01 });
    expect(await page.locator('.k-outcome').count()).toBe(0);
  });

  it('says where the policy of a host forbids what was edited, and goes on with what stood there', async () => {
    const page = await open('index.html', {
      host: 'strict',
      expected: /Content Security Policy|unsafe-eval|EvalError/,
    });
    await trained(page, { beyond: 10 });
    await page.getByRole('button', { name: 'Compile the step' }).click();
    const outcome = page.locator('.k-outcome');
    await expect.poll(() => outcome.textContent(), { timeout: 30_000 }).toContain('Content Security Policy');
    const at = await stepOf(page);
    await trained(page, { beyond: at });
  });
});
