/** A page for each loss. The library and its tests are TypeScript, which the Node that builds may not read by itself. */
import { tsImport } from 'tsx/esm/api';

interface Pages {
  lossPages(): Promise<{ params: object; content: string }[]>;
}

export default {
  watch: ['../../site/src/losses/**/*.ts', '../../packages/nn/test/losses/*.ts'],
  async paths() {
    const { lossPages }: Pages = await tsImport('../../site/src/losses/pages.ts', import.meta.url);
    return await lossPages();
  },
};
