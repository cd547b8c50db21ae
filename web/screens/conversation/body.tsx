/**
 * Body of a message: Markdown-lite as text nodes and a fixed set of elements, nothing else. Very
 * long texts are cut until a person wants all of them.
 * @module
 */
import { memo, useMemo, useState, type ReactNode } from 'react';
import { useText } from '../../text/text.ts';
import { readMarkdown, type Block, type Inline } from '../../words/markdown.ts';
import style from './body.module.css';
import { MessageLink } from './message-link.tsx';

/** What is shown of a long text at first. */
const SHORT_CHARS = 3_000;
const SHORT_LINES = 60;

interface Props {
  readonly text: string;
  /** Links in it are stops of the Tab key. */
  readonly isStop: boolean;
}

export const Body = memo(function Body({ text, isStop }: Props) {
  const t = useText();
  const [isWhole, setWhole] = useState(false);
  const short = useMemo(() => shortened(text), [text]);
  const shown = isWhole ? text : short;
  const blocks = useMemo(() => readMarkdown(shown), [shown]);
  return (
    <div className={style['body']} dir="auto">
      {blocks.map((block, i) => drawBlock(block, i, isStop))}
      {shown.length < text.length && (
        <button
          type="button"
          className={style['more']}
          tabIndex={isStop ? 0 : -1}
          onClick={() => setWhole(true)}
        >
          {t('conversation.show-all')}
        </button>
      )}
    </div>
  );
});

function shortened(text: string): string {
  let end = Math.min(text.length, SHORT_CHARS);
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) {
    if (++lines === SHORT_LINES) end = at;
  }
  if (end === text.length) return text;
  // Not within a pair of surrogates.
  const isPair = text.charCodeAt(end - 1) >= 0xd800 && text.charCodeAt(end - 1) < 0xdc00;
  return `${text.slice(0, isPair ? end - 1 : end)}…`;
}

function drawBlock(block: Block, key: number, isStop: boolean): ReactNode {
  switch (block.kind) {
    case 'paragraph':
      return (
        <p key={key} dir="auto">
          {drawInline(block.children, isStop)}
        </p>
      );
    case 'code':
      return (
        <pre key={key} dir="ltr">
          <code>{block.text}</code>
        </pre>
      );
    case 'quote':
      return (
        <blockquote key={key}>
          {block.children.map((inner, i) => drawBlock(inner, i, isStop))}
        </blockquote>
      );
    case 'list': {
      const items = block.items.map((item, i) => (
        <li key={i} dir="auto">
          {drawInline(item, isStop)}
        </li>
      ));
      if (block.start === undefined) return <ul key={key}>{items}</ul>;
      return (
        <ol key={key} start={block.start}>
          {items}
        </ol>
      );
    }
  }
}

function drawInline(children: readonly Inline[], isStop: boolean): ReactNode {
  return children.map((child, i) => {
    switch (child.kind) {
      case 'text':
        return child.text;
      case 'code':
        return <code key={i}>{child.text}</code>;
      case 'link':
        return <MessageLink key={i} link={child.link} isStop={isStop} />;
      case 'bold':
        return <strong key={i}>{drawInline(child.children, isStop)}</strong>;
      case 'italic':
        return <em key={i}>{drawInline(child.children, isStop)}</em>;
      case 'strike':
        return <s key={i}>{drawInline(child.children, isStop)}</s>;
    }
  });
}
