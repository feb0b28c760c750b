/**
 * Opens the search by Ctrl K (on a Mac Command K), and by a slash where nothing is typed into; returns what ends that.
 */
export function onSearchKeys(open: () => void): () => void {
  const listen = (event: KeyboardEvent): void => {
    const combined = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k';
    const slash = event.key === '/' && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event);
    if (!combined && !slash) return;
    event.preventDefault();
    // Editors and typedoc have meanings of their own for these keys.
    event.stopImmediatePropagation();
    open();
  };
  addEventListener('keydown', listen, { capture: true });
  return () => removeEventListener('keydown', listen, { capture: true });
}

function isTyping({ target }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}
