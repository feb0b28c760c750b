/** What waits until it can be seen. */

/** Calls once, when an element comes into view or is about to by scrolling down; what is returned ends the waiting. */
export function onceInView(element: Element, act: () => void): () => void {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      act();
    },
    // What is beside the page, as a menu that slides in, is not near it.
    { rootMargin: '200px 0px' },
  );
  observer.observe(element);
  return () => observer.disconnect();
}
