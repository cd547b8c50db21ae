/**
 * Emoji picker. Its data are files of our own origin (emoji-data.ts).
 * @module
 */
import { EmojiPicker as Picker } from 'frimousse';
import { useText } from '../../text/text.ts';
import { pickerData } from './emoji-data.ts';
import style from './emoji.module.css';

const COLUMNS = 8;

export default function EmojiPicker({ onPick }: { readonly onPick: (emoji: string) => void }) {
  const t = useText();
  return (
    <Picker.Root
      className={style['picker']}
      columns={COLUMNS}
      resolveEmojiData={pickerData}
      onEmojiSelect={({ emoji }) => onPick(emoji)}
    >
      <Picker.Search
        className={style['search']}
        autoFocus
        placeholder={t('emoji.search')}
        aria-label={t('emoji.search')}
      />
      <Picker.Viewport className={style['viewport']}>
        <Picker.Loading className={style['wait']}>{t('emoji.loading')}</Picker.Loading>
        <Picker.Empty className={style['wait']}>{t('emoji.none')}</Picker.Empty>
        <Picker.List
          components={{
            CategoryHeader: ({ category, ...props }) => (
              <div className={style['category']} {...props}>
                {category.label}
              </div>
            ),
            // Rows and columns are counted from one.
            Row: ({ children, ...props }) => (
              <div {...props} aria-rowindex={Number(props['aria-rowindex']) + 1}>
                {children}
              </div>
            ),
            Emoji: ({ emoji, ...props }) => (
              <button
                type="button"
                className={style['emoji']}
                {...props}
                aria-colindex={Number(props['aria-colindex']) + 1}
              >
                {emoji.emoji}
              </button>
            ),
          }}
        />
      </Picker.Viewport>
    </Picker.Root>
  );
}
