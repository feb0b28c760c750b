/** Modules that hold modules or parameters. */
export { ModuleDict } from './module-dict.ts';
export { ModuleList } from './module-list.ts';
export { ParameterDict } from './parameter-dict.ts';
export { ParameterList } from './parameter-list.ts';
export { type NamedModules, Sequential } from './sequential.ts';
