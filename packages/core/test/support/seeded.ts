/**
 * Run before every test file: tests draw the same numbers in every run, and begin with the same settings, whichever of them run.
 * KINDLING_SEED: others. KINDLING_WIDE=1: by vectors of 256 bits, where this Node has them.
 */

import { manualSeed } from '@kindling/core';
import { useWideVectors } from '@kindling/core/node';
import fc from 'fast-check';
import { beforeEach } from 'vitest';
import { restoreSettings } from './settings.ts';

const seed = Number(process.env.KINDLING_SEED ?? 0);

if (process.env.KINDLING_WIDE === '1') useWideVectors();
restoreSettings();
fc.configureGlobal({ seed });
// For what a file draws while its tests are collected.
manualSeed(seed);
beforeEach(() => {
  manualSeed(seed);
});
