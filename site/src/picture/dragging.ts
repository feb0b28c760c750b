/** What listens to a pointer that is pressed, moved and let go. */
export const dragging = (
  begin: (event: PointerEvent) => void,
  move: (event: PointerEvent) => void,
  end: () => void,
) => ({
  pointerdown: begin,
  pointermove: move,
  pointerup: end,
  pointercancel: end,
});
