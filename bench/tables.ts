import { stripVTControlCharacters } from 'node:util';
import { Table } from 'console-table-printer';
import { copyCase, nets, optimizers, stepCase, updateCase, updateSizes, updates } from './peers/cases.ts';
import { label, type Peer } from './runners.ts';

/** All times of each case of a peer, in microseconds. */
export type Found = ReadonlyMap<Peer, ReadonlyMap<string, readonly number[]>>;

/**
 * The time that 5 % of the slices undercut: what the machine does when nothing else runs on it, without the luck of a
 * single slice.
 */
function typical(times: readonly number[] | undefined): number | null {
  if (times === undefined || times.length === 0) return null;
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.05)] ?? null;
}

const micros = (us: number): string => (us < 10 ? us.toFixed(2) : us < 1000 ? us.toFixed(1) : us.toFixed(0));

/** Of a time in another: `0.62`, and `1/420` where it is far less. */
function ratio(time: number | null, base: number | null): string {
  if (time === null || base === null) return '-';
  const times = time / base;
  if (times < 0.1) return `1/${(1 / times).toFixed(0)}`;
  return times < 10 ? times.toFixed(2) : times.toFixed(0);
}

/** Without colours where nobody would see them. */
function show(table: Table): void {
  const text = table.render();
  console.log(process.stdout.isTTY ? text : stripVTControlCharacters(text));
}

/** A table for each net, a peer a row; the ratios are to eager PyTorch on as many threads. */
export function printSteps(peers: readonly Peer[], found: Found): void {
  for (const { name: net } of nets) {
    const table = new Table({ title: `A training step of ${net}: microseconds` });
    const columns = optimizers.map((optimizer) => stepCase(net, optimizer));
    for (const peer of peers) {
      const base = peers.find(({ name, threads }) => name === 'pytorch' && threads === peer.threads);
      const times = columns.map((column) => typical(found.get(peer)?.get(column)));
      if (times.every((time) => time === null)) continue;
      const row: Record<string, string | number> = {
        peer: peer.name,
        runtime: peer.runtime,
        threads: peer.threads,
      };
      optimizers.forEach((optimizer, i) => {
        const time = times[i] ?? null;
        row[optimizer] = time === null ? '-' : micros(time);
        const own = base === undefined ? undefined : found.get(base)?.get(columns[i]!);
        row[`${optimizer} / PyTorch's`] = ratio(time, typical(own));
      });
      row['Adam / SGD'] = ratio(times[1] ?? null, times[0] ?? null);
      table.addRow(row);
    }
    show(table);
  }
}

/** One table, a case a row; the ratios are to the first peer, Kindling on this Node. */
export function printCases(title: string, peers: readonly Peer[], found: Found): void {
  const [own] = peers;
  const table = new Table({ title: `${title}: microseconds, and how many times the first column's` });
  const cases = new Set([...found.values()].flatMap((times) => [...times.keys()]));
  for (const name of cases) {
    const base = own === undefined ? null : typical(found.get(own)?.get(name));
    const row: Record<string, string> = { case: name };
    for (const peer of peers) {
      const time = typical(found.get(peer)?.get(name));
      const times = peer === own || time === null || base === null ? '' : ` (${ratio(time, base)}x)`;
      row[label(peer)] = time === null ? '-' : `${micros(time)}${times}`;
    }
    table.addRow(row);
  }
  show(table);
}

/**
 * A table for each number of parameters, an optimizer a row; the ratios are to PyTorch's fastest and to a copy of the
 * same bytes.
 */
export function printUpdates(peers: readonly Peer[], found: Found): void {
  const copier = peers.find(({ name }) => name === 'kindling');
  const torch = peers.find(({ name }) => name === 'pytorch');
  const timeOf = (peer: Peer | undefined, of: string): number | null =>
    peer === undefined ? null : typical(found.get(peer)?.get(of));
  for (const size of updateSizes) {
    const copy = timeOf(copier, copyCase(size));
    const table = new Table({
      title: `The update of ${size} parameters: microseconds (/ PyTorch's fastest, / a copy of the same bytes)`,
    });
    for (const update of updates) {
      if (size > (update.most ?? size)) continue;
      const of = updateCase(update, size);
      const copied = copy === null || update.arrays === undefined ? null : (copy * update.arrays) / 2;
      const row: Record<string, string> = { optimizer: of.slice(0, of.lastIndexOf(',')) };
      for (const peer of peers) {
        const time = timeOf(peer, of);
        const ratios =
          peer === torch ? [ratio(time, copied)] : [ratio(time, timeOf(torch, of)), ratio(time, copied)];
        row[label(peer)] = time === null ? '-' : `${micros(time)} (${ratios.join(', ')})`;
      }
      table.addRow(row);
    }
    show(table);
  }
}
