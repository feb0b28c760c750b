/** What the site has for language models: llms.txt, llms-full.txt and the guides as Markdown. */
export { writeLlms } from './write-llms.ts';
