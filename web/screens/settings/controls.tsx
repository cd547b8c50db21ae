/**
 * Controls of settings that the daemon keeps: a switch, a choice, a line of text, the size of text.
 * @module
 */
import { useEffect, useId, useRef, useState, type FormEvent } from 'react';
import { announce } from '../../parts/announcer.tsx';
import { Button } from '../../parts/button.tsx';
import { Choice } from '../../parts/choice.tsx';
import { Field } from '../../parts/field.tsx';
import { Switch } from '../../parts/switch.tsx';
import { useText } from '../../text/text.ts';
import type { ShownItem } from './items.ts';
import { isGiven, Notes } from './notes.tsx';
import style from './settings.module.css';
import { useSetting } from './use-setting.ts';

/** The control that fits the kind of value. */
export function Control({ item }: { readonly item: ShownItem }) {
  const setting = useSetting(item.id);
  const { entry } = setting;
  if (entry === undefined) return null;
  if (typeof entry.value === 'boolean') return <Toggle item={item} />;
  return item.values === undefined ? <Line item={item} /> : <Values item={item} />;
}

function Toggle({ item }: { readonly item: ShownItem }) {
  const setting = useSetting(item.id);
  return (
    <>
      <Switch
        label={item.title}
        line={item.line}
        checked={setting.entry?.value === true}
        disabled={isGiven(setting)}
        onChange={(checked) => void setting.set(checked)}
      />
      <Notes setting={setting} />
    </>
  );
}

export function Values({
  item,
  isDeliberate = false,
}: {
  readonly item: ShownItem;
  /** Nothing is chosen on the way to another choice. */
  readonly isDeliberate?: boolean;
}) {
  const t = useText();
  const setting = useSetting(item.id);
  const options = Object.entries(item.values ?? {}).map(([value, key]) => {
    const line = item.lines?.[value];
    return { value, label: t(key), ...(line === undefined ? {} : { line: t(line) }) };
  });
  return (
    <>
      <Choice
        legend={item.title}
        value={String(setting.entry?.value)}
        options={options}
        disabled={isGiven(setting)}
        deliberate={isDeliberate}
        onChoose={(value) => void setting.set(value)}
      />
      {item.line !== '' && <p className={style['line']}>{item.line}</p>}
      <Notes setting={setting} />
    </>
  );
}

/** Text and numbers: saved by Enter or by leaving the field. What is refused stays in it. */
function Line({ item }: { readonly item: ShownItem }) {
  const t = useText();
  const setting = useSetting(item.id);
  const kept = String(setting.entry?.value ?? '');
  // Undefined while there is nothing that is not kept: then it follows what others change.
  const [draft, setDraft] = useState<string>();
  const typed = draft ?? kept;
  const meant = typed.trim();
  const isNumber = typeof setting.entry?.value === 'number';
  const save = async (): Promise<void> => {
    if (meant === kept) return setDraft(undefined);
    if (!(await setting.set(meant))) return;
    // Unless more was typed meanwhile.
    setDraft((now) => (now === draft ? undefined : now));
    announce(t('settings.saved'));
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void save();
  };
  const leave = (): void => {
    // Who passes by what was refused does not hear of it again.
    if (meant !== setting.refused) void save();
  };
  return (
    <form onSubmit={submit} noValidate>
      <Field
        label={item.title}
        hint={item.line}
        value={typed}
        disabled={isGiven(setting)}
        inputMode={isNumber ? 'numeric' : 'text'}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={leave}
        beside={meant !== kept && <Button type="submit">{t('settings.save')}</Button>}
      />
      <Notes setting={setting} />
    </form>
  );
}

const SIZE_MIN = 85;
const SIZE_MAX = 200;
const SIZE_STEP = 5;
/** Long enough that one pull of the slider is one change. */
const SETTLE_MS = 250;

export function TextSize({ item }: { readonly item: ShownItem }) {
  const t = useText();
  const id = useId();
  const setting = useSetting(item.id);
  const kept = Number(setting.entry?.value ?? 100);
  const [shown, setShown] = useState(kept);
  const timer = useRef<number>(undefined);
  useEffect(() => setShown(kept), [kept]);
  const change = (size: number): void => {
    setShown(size);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => void setting.set(size), SETTLE_MS);
  };
  const said = t('settings.text-size.value', { percent: shown });
  return (
    <>
      <label htmlFor={id}>{item.title}</label>
      <div className={style['size']}>
        <input
          id={id}
          type="range"
          min={SIZE_MIN}
          max={SIZE_MAX}
          step={SIZE_STEP}
          value={shown}
          disabled={isGiven(setting)}
          aria-valuetext={said}
          aria-describedby={`${id}-line`}
          onChange={(event) => change(Number(event.target.value))}
        />
        <output htmlFor={id}>{said}</output>
      </div>
      <p id={`${id}-line`} className={style['line']}>
        {item.line}
      </p>
      <Notes setting={setting} />
    </>
  );
}
