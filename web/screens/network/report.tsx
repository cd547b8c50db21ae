/**
 * Report: shown first, then copied; what one sees is what one hands on.
 * @module
 */
import { useId } from 'react';
import { useModel } from '../../model/context.ts';
import type { Findings } from '../../model/doctor.ts';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { useText } from '../../text/text.ts';
import { reportOf } from '../../words/report.ts';
import style from './network.module.css';

export function Report({
  findings,
  onClose,
}: {
  readonly findings: Findings;
  readonly onClose: () => void;
}) {
  const t = useText();
  const model = useModel();
  const id = useId();
  const text = reportOf({
    checks: findings.checks,
    way: findings.way?.checks ?? [],
    verdict: t(`network.verdict.${findings.verdict}`),
    version: model.status.value?.version ?? '',
  });
  return (
    <Dialog title={t('network.report.title')} onClose={onClose}>
      <div className={style['report']}>
        <label htmlFor={id}>{t('network.report.line')}</label>
        <textarea id={id} className={style['text']} readOnly rows={14} dir="ltr" value={text} />
        <CopyButton kind="primary" text={text}>
          {t('app.copy')}
        </CopyButton>
      </div>
    </Dialog>
  );
}
