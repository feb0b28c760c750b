/** What has a line point at equations: the pointer over it, a press of it, or the focus of the keyboard. */
export const pointing = (point: () => void) => ({ focus: point, mouseenter: point, click: point });
