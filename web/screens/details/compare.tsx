/**
 * Compares with what stands on the other screen: digits that are typed or pasted, or its QR code.
 * @module
 */
import { useState } from 'react';
import { LongField } from '../../parts/field.tsx';
import { QrScan } from '../../parts/qr-scan.tsx';
import { useText } from '../../text/text.ts';
import style from './details.module.css';
import { digitsOf, SAFETY_DIGITS } from './safety-digits.ts';

export function Compare({
  name,
  onDigits,
}: {
  /** For sentences. */
  readonly name: string;
  /** 60 digits. */
  readonly onDigits: (digits: string) => Promise<void>;
}) {
  const t = useText();
  const [typed, setTyped] = useState('');
  const [isOther, setOther] = useState(false);
  const digits = digitsOf(typed);
  const count = digits?.length ?? 0;
  const take = (text: string): void => {
    const read = digitsOf(text);
    setTyped(text);
    setOther(false);
    if (read?.length === SAFETY_DIGITS) void onDigits(read).then(() => setTyped(''));
  };
  const wrong =
    digits === undefined
      ? t('verify.only-digits')
      : count > SAFETY_DIGITS
        ? t('verify.too-many', { count })
        : undefined;
  return (
    <section className={style['block']}>
      <h3>{t('verify.compare')}</h3>
      <LongField
        label={t('verify.type', { name })}
        hint={count === 0 ? undefined : t('verify.count', { count })}
        error={wrong}
        rows={3}
        inputMode="numeric"
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={(event) => take(event.target.value)}
      />
      <QrScan
        onText={(text) => {
          if (digitsOf(text)?.length === SAFETY_DIGITS) take(text);
          else setOther(true);
        }}
      />
      <p role="status">{isOther && t('verify.other-code')}</p>
    </section>
  );
}
