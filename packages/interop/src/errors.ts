import { KindlingError } from '@kindling/core';

/**
 * A model, loss or optimizer that cannot be exported as it stands: with the operation, the line and a way round.
 * Kindling's own.
 */
export class ExportError extends KindlingError {
  override name = 'ExportError';
}
