/** The panel beside the map. On a phone it is a sheet at the bottom with three heights. */

import { type PointerEvent, type ReactNode, useRef, useState } from 'react';
import { useText } from '../../lib/strings/strings';

export type SheetHeight = 'low' | 'half' | 'full';
const HEIGHTS: readonly SheetHeight[] = ['low', 'half', 'full'];
/** A move shorter than this is a tap. */
const TAP_PX = 8;

interface Props {
  height: SheetHeight;
  onHeight: (height: SheetHeight) => void;
  children: ReactNode;
}

export function Sheet({ height, onHeight, children }: Props) {
  const t = useText();
  const startY = useRef<number | null>(null);
  const [dragPx, setDragPx] = useState(0);

  function release(event: PointerEvent) {
    if (startY.current === null) return;
    const movedPx = event.clientY - startY.current;
    startY.current = null;
    setDragPx(0);
    const index = HEIGHTS.indexOf(height);
    if (Math.abs(movedPx) < TAP_PX) return;
    const steps = Math.abs(movedPx) > window.innerHeight / 2 ? 2 : 1;
    onHeight(HEIGHTS[Math.max(0, Math.min(2, index + (movedPx < 0 ? steps : -steps)))] ?? 'half');
  }

  return (
    <aside
      className="sheet"
      data-height={height}
      style={dragPx ? { transform: `translateY(${Math.max(0, dragPx)}px)`, transition: 'none' } : undefined}
    >
      <button
        type="button"
        className="sheet-handle"
        aria-label={height === 'full' ? t.map.smaller : t.map.larger}
        onClick={() => onHeight(height === 'full' ? 'low' : (HEIGHTS[HEIGHTS.indexOf(height) + 1] ?? 'half'))}
        onPointerDown={(event) => {
          startY.current = event.clientY;
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={(event) => startY.current !== null && setDragPx(event.clientY - startY.current)}
        onPointerUp={release}
        onPointerCancel={release}
      />
      {children}
    </aside>
  );
}
