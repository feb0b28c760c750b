import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Application,
  DefaultTheme,
  DefaultThemeRenderContext,
  JSX,
  type NavigationElement,
  PageEvent,
  type ProjectReflection,
  type Reflection,
  ReflectionKind,
  RendererEvent,
} from 'typedoc';
import { pageWithPolicy } from '../../build/policy.ts';
import type { Entry } from '../entries.ts';
import type { Inherited } from './inherited.ts';
import { accessible, escaped, layout, overview } from './layout.ts';
import { SourcePages } from './sources.ts';

const rendered = (element: JSX.Element | string): string =>
  typeof element === 'string' ? element : JSX.renderElement(element);

class KindlingContext extends DefaultThemeRenderContext {
  inherited: Inherited = new Map();
  entries: readonly Entry[] = [];
  sources = new SourcePages();

  constructor(...args: ConstructorParameters<typeof DefaultThemeRenderContext>) {
    super(...args);
    // What a page is about leads to its code from the head of the page; members each for themselves.
    const { header, memberSources } = this;
    this.header = (props) => {
      const [source] = props.model.isDeclaration() ? (props.model.sources ?? []) : [];
      const address = source && this.sources.addressOf(source);
      if (address === undefined) return header(props);
      const link = `<p class="k-defined"><a href="${this.relativeURL(address)}">Source</a></p>`;
      return JSX.createElement(JSX.Fragment, null, header(props), JSX.createElement(JSX.Raw, { html: link }));
    };
    this.memberSources = (props) => {
      const { parent } = props;
      const isMember = props.kindOf(ReflectionKind.SomeSignature) && parent !== this.model;
      const sources = props.sources ?? (parent?.isDeclaration() ? parent.sources : undefined);
      const shown = isMember ? sources?.slice(0, 1) : undefined;
      for (const source of shown ?? []) {
        const address = this.sources.addressOf(source);
        if (address !== undefined) source.url = this.relativeURL(address);
      }
      return memberSources(Object.create(props, { sources: { value: shown } }));
    };
  }

  override defaultLayout: DefaultThemeRenderContext['defaultLayout'] = (template, props) => {
    const modules = (props.project.children ?? []).map((module) => ({
      name: module.name,
      url: this.urlTo(module) || (props.url.split('/').at(-1) ?? ''),
    }));
    // The list of what is on the page is known when the page has been drawn.
    const content = props.model.isProject()
      ? overview(
          modules,
          (name) => this.entries.find(({ specifier }) => specifier === name)?.description ?? '',
        )
      : accessible(rendered(this.header(props)) + rendered(template(props)) + listOfInherited(this));
    const html = layout({
      title: props.model.isProject() ? 'Kindling: reference' : `${props.model.name} | Kindling`,
      content,
      onThisPage: accessible(rendered(this.pageNavigation(props))),
      home: this.relativeURL('./'),
    });
    return JSX.createElement(JSX.Raw, { html });
  };
}

/** What of the tree of names pages draw: `[name, page, names below]`. */
type Branch = [name: string, page: string, below?: Branch[]];

const branches = (elements: readonly NavigationElement[]): Branch[] =>
  elements.map(({ text, path = '', children }) =>
    children === undefined ? [text, path] : [text, path, branches(children)],
  );

export function defineTheme(app: Application, inherited: Inherited, entries: readonly Entry[]): void {
  const sources = new SourcePages();
  class KindlingTheme extends DefaultTheme {
    override getRenderContext(page: PageEvent<Reflection>): KindlingContext {
      const context = new KindlingContext(this.router, this, page, this.application.options);
      context.inherited = inherited;
      context.entries = entries;
      context.sources = sources;
      return context;
    }
  }
  app.renderer.defineTheme('kindling', KindlingTheme);
  app.renderer.on(PageEvent.END, (page: PageEvent) => {
    page.contents = pageWithPolicy(page.contents ?? '');
  });
  app.renderer.on(RendererEvent.END, ({ outputDirectory, project }: RendererEvent) => {
    writeFileSync(join(outputDirectory, 'assets/names.json'), JSON.stringify(namesOf(app, project)));
    sources.write(outputDirectory);
  });
}

function namesOf(app: Application, project: ProjectReflection): Branch[] {
  const { theme } = app.renderer;
  if (!(theme instanceof DefaultTheme)) throw new Error('the theme is not what it was said to be');
  return branches(theme.getNavigation(project));
}

function listOfInherited(context: KindlingContext): string {
  const bases = [...(context.inherited.get(context.model) ?? [])];
  const sections = bases.map(([base, members]) => {
    const links = members.map((member) => `<a href="${context.urlTo(member)}">${escaped(member.name)}</a>`);
    return `<section class="tsd-panel k-inherited"><h2>Inherited from <a href="${context.urlTo(base)}">${base.name}</a></h2><p>${links.join(' ')}</p></section>`;
  });
  return sections.join('');
}
