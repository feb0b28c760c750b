import { type Reflection, StructureRouter } from 'typedoc';

/** Pages in folders, as imports have them: `nn/F/relu.html`. */
export class PackageRouter extends StructureRouter {
  protected override getIdealBaseName(reflection: Reflection): string {
    return super.getIdealBaseName(reflection).replace(/^[^/]*kindling\//, '');
  }
}
