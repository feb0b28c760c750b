/** The editor of live code, which is loaded when code is edited. */
import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from '@codemirror/commands';
import { javascript } from '@codemirror/lang-javascript';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, setDiagnostics } from '@codemirror/lint';
import { EditorState, Prec, StateEffect, StateField } from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';

export interface EditorOptions {
  readonly label: string;
  readonly onChange?: (text: string) => void;
  /** Ctrl or Cmd with Enter. */
  readonly onRun?: () => void;
}

export interface Editor {
  readonly element: HTMLElement;
  text(): string;
  /** Replaces the text, keeping the cursor and the history. */
  setText(text: string): void;
  /** Marks a line, from 0, with what is wrong there; `null` takes marks away. */
  mark(problem: { readonly line: number; readonly message: string } | null): void;
  /** Shows a line, from 0, as the one that something else on the page is about; `null` shows none. */
  point(line: number | null): void;
  focus(): void;
  destroy(): void;
}

// The colours of the code that stands there before the editor does: see theme/live.css.
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: 'var(--k-code-keyword)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--k-code-string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--k-code-number)' },
  { tag: tags.comment, color: 'var(--k-code-comment)' },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.propertyName)],
    color: 'var(--k-code-function)',
  },
  { tag: [tags.typeName, tags.className], color: 'var(--k-code-function)' },
]);

const pointAt = StateEffect.define<number | null>();
const pointed = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(shown, transaction) {
    const asked = transaction.effects.find((effect) => effect.is(pointAt));
    if (asked === undefined) return shown.map(transaction.changes);
    return asked.value === null
      ? Decoration.none
      : Decoration.set(Decoration.line({ class: 'k-pointed' }).range(asked.value));
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Tab moves on to the next control, as everywhere; lines are indented by Ctrl or Cmd with brackets. */
const indentation = [
  { key: 'Mod-]', run: indentMore },
  { key: 'Mod-[', run: indentLess },
];

export function createEditor(parent: HTMLElement, text: string, options: EditorOptions): Editor {
  const run = {
    key: 'Mod-Enter',
    run: () => {
      options.onRun?.();
      return true;
    },
  };
  let quiet = false;
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        Prec.highest(keymap.of([run])),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        javascript({ typescript: true }),
        syntaxHighlighting(colours),
        pointed,
        keymap.of([...closeBracketsKeymap, ...historyKeymap, ...indentation, ...defaultKeymap]),
        EditorView.contentAttributes.of({
          'aria-label': options.label,
          spellcheck: 'false',
          // It scrolls, and is reached by keys.
          tabindex: '0',
          autocapitalize: 'off',
        }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !quiet) options.onChange?.(view.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    element: view.dom,
    text: () => view.state.doc.toString(),
    setText(next) {
      const now = view.state.doc.toString();
      if (now === next) return;
      // What both have at either end stays, so that the cursor does.
      let start = 0;
      while (start < now.length && now[start] === next[start]) start++;
      let end = 0;
      while (end < Math.min(now.length, next.length) - start && now.at(-1 - end) === next.at(-1 - end)) end++;
      quiet = true;
      view.dispatch({
        changes: { from: start, to: now.length - end, insert: next.slice(start, next.length - end) },
      });
      quiet = false;
    },
    mark(problem) {
      const { doc } = view.state;
      const found: Diagnostic[] = [];
      if (problem && problem.line < doc.lines) {
        const { from, to } = doc.line(problem.line + 1);
        found.push({ from, to, severity: 'error', message: problem.message });
      }
      view.dispatch(setDiagnostics(view.state, found));
    },
    point(line) {
      const { doc } = view.state;
      const from = line === null || line < 0 || line >= doc.lines ? null : doc.line(line + 1).from;
      view.dispatch({ effects: pointAt.of(from) });
      if (from === null) return;
      // CodeMirror's own way into view moves the page too, from under the pointer that asks for it.
      const { top, bottom, height } = view.lineBlockAt(from);
      const box = view.scrollDOM;
      box.scrollTop = Math.min(Math.max(box.scrollTop, bottom + 2 * height - box.clientHeight), top);
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}
