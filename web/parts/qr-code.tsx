/**
 * QR code, drawn as one path. Dark on light in every theme: readers expect it. It says nothing to
 * those who do not see it, so the same text always stands beside it.
 * @module
 */
import { useEffect, useState } from 'react';
import style from './qr-code.module.css';

/** Modules of white around the code, as the standard asks. */
const BORDER_MODULES = 4;

interface Drawn {
  readonly size: number;
  readonly path: string;
}

export function QrCode({
  text,
  label,
}: {
  readonly text: string;
  /** What the code is of; its text stands elsewhere. */
  readonly label: string;
}) {
  const [drawn, setDrawn] = useState<Drawn>();
  useEffect(() => {
    let wanted = true;
    void import('uqr').then(({ encode }) => {
      const { data, size } = encode(text, { ecc: 'M', border: BORDER_MODULES });
      if (wanted) setDrawn({ size, path: pathOf(data) });
    });
    return () => {
      wanted = false;
    };
  }, [text]);
  return (
    <svg
      className={style['code']}
      role="img"
      aria-label={label}
      viewBox={`0 0 ${drawn?.size ?? 1} ${drawn?.size ?? 1}`}
      shapeRendering="crispEdges"
    >
      {drawn && <path d={drawn.path} />}
    </svg>
  );
}

/** Dark modules, those of a row that touch as one rectangle. */
function pathOf(rows: readonly (readonly boolean[])[]): string {
  let path = '';
  for (const [y, row] of rows.entries()) {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue;
      const from = x;
      while (row[x + 1]) x++;
      path += `M${from} ${y}h${x - from + 1}v1H${from}z`;
    }
  }
  return path;
}
