/** Finds and starts the browser. */
import { existsSync } from 'node:fs';

export const browserArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The path of a Chromium, that of the variable CHROMIUM first. */
export function findChromium(): string {
  const places = [
    process.env.CHROMIUM,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ];
  const found = places.find((path) => path !== undefined && existsSync(path));
  if (found === undefined)
    throw new Error("no Chromium: install Debian's package `chromium`, or name one in the variable CHROMIUM");
  return found;
}
