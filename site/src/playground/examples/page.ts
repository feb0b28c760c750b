/** The name by which examples, as programs of readers, find what they talk to. */
export * from '../../page/index.ts';
