// The width an element has got, for drawings that need to know it.

import { useEffect, useRef, useState } from "preact/hooks";

/** @returns {[import("preact").RefObject<HTMLDivElement | null>, number]} px; 0 until it is known */
export function useWidth() {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setWidth(Math.floor(element.clientWidth)));
    observer.observe(element);
    setWidth(Math.floor(element.clientWidth));
    return () => observer.disconnect();
  }, []);
  return [box, width];
}
