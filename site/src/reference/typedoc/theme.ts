import type { Application } from 'typedoc';
import type { Inherited } from './inherited.ts';

export function defineTheme(app: Application, _inherited: Inherited): void {
  app.options.setValue('theme', 'default');
}
