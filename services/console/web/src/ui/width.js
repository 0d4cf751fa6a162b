// The width of a box on the screen, followed as it changes: SVG that is drawn in its own pixels needs it.

import { useEffect, useState } from "preact/hooks";

/**
 * @param {{ current: HTMLElement | null }} box
 * @param {number} first until it is measured, px
 */
export function useWidth(box, first) {
  const [width, setWidth] = useState(first);
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const measure = () => setWidth(Math.floor(element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return width;
}
