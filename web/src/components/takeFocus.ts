/** As a `ref`: what has just appeared in place of the thing that was pressed gets its focus. */
export function takeFocus(element: HTMLElement | null): void {
  element?.focus();
}
