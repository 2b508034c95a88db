import { type RefObject, useLayoutEffect, useRef } from 'react';

/**
 * For what cannot be pressed while it is busy: the browser takes the focus from it then. It gets it
 * back afterwards, unless the person has gone elsewhere.
 */
export function useKeptFocus<Pressed extends HTMLElement>(
  busy: boolean,
): RefObject<Pressed | null> {
  const pressed = useRef<Pressed>(null);
  const had = useRef(false);
  useLayoutEffect(() => {
    if (busy) had.current = document.activeElement === pressed.current;
    else if (had.current && hasNoFocus()) pressed.current?.focus({ preventScroll: true });
  }, [busy]);
  return pressed;
}

/** Whether nothing on the page has the focus, as after its place has gone. */
export function hasNoFocus(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}
