/**
 * Boundary: what cannot be loaded or shown stays one part of the screen; the rest goes on. It can
 * be tried again; where the app answered and it failed all the same, with a new page. Whoever goes
 * elsewhere gives it another key, and so begins anew.
 * @module
 */
import { Component, useState, type ReactNode } from 'react';
import { useModel } from '../model/context.ts';
import { useText } from '../text/text.ts';
import { Button } from './button.tsx';
import style from './error-note.module.css';
import { renewBroken } from './lazy-part.ts';

interface Props {
  readonly children: ReactNode;
  /** Frames the note that stands in the place of the part. */
  readonly frame: (note: ReactNode) => ReactNode;
}

interface State {
  readonly isBroken: boolean;
}

export class Boundary extends Component<Props, State> {
  override readonly state: State = { isBroken: false };

  static getDerivedStateFromError(): State {
    return { isBroken: true };
  }

  override componentDidCatch(): void {
    renewBroken();
  }

  override render(): ReactNode {
    const { children, frame } = this.props;
    if (!this.state.isBroken) return children;
    return frame(<Broken onAgain={() => this.setState({ isBroken: false })} />);
  }
}

function Broken({ onAgain }: { readonly onAgain: () => void }) {
  const t = useText();
  const { phase } = useModel();
  // Then it was no file of this build any more, or the browser remembers that it once did not come.
  const [wasThere] = useState(phase.value === 'ready');
  const load = (): void => {
    if (wasThere && phase.value === 'ready') location.reload();
    else onAgain();
  };
  return (
    <div className={style['note']} role="alert">
      <p>{t('app.broken.line')}</p>
      <Button onClick={load}>{t('app.broken.again')}</Button>
    </div>
  );
}
