/**
 * Names and sentences for a profile that looks as if somebody had lived in it: many scripts, both
 * directions, long and short, plain and awkward. All of it is made up.
 * @module
 */

export const FIRST_NAMES: readonly string[] = [
  ...['Ana', 'Bo', 'Chiara', 'Dmitri', 'Eszter', 'Farid', 'Grace', 'Håkon', 'Ines', 'Jürgen'],
  ...['Kwame', 'Lena', 'Mikołaj', 'Nadia', 'Óscar', 'Priya', 'Quentin', 'Renée', 'Søren', 'Tuğba'],
  ...['Ursula', 'Vlad', 'Wanjiru', 'Ximena', 'Yannis', 'Zoë', 'Мария', 'Иван', 'Ольга', 'Σοφία'],
  ...[
    'Νίκος',
    'فاطمة',
    'محمد',
    'سارا',
    'דוד',
    'נועה',
    '美咲',
    '健太',
    '王芳',
    '李伟',
    '지우',
    '민준',
  ],
  ...['प्रिया', 'राहुल', 'สมชาย', 'ทิพย์', 'Trần', 'Ngọc', 'தமிழ்', 'Lālā', 'አበበ', 'Գարեն'],
];

export const LAST_NAMES: readonly string[] = [
  ...['Ruiz', 'Lindqvist', 'Okafor', 'Papadopoulos', 'Kowalski', 'Nguyen', 'Silva', 'Müller'],
  ...['O’Connor', 'van der Berg', 'Иванова', 'Ковальчук', 'العلي', 'حسن', 'כהן', '田中', '佐藤'],
  ...['陈', '김', 'शर्मा', 'ใจดี', 'Kariuki', 'Yılmaz', 'Björnsdóttir', 'Çelik', 'Đorđević'],
  ...[
    'from the choir',
    '(work)',
    '📷',
    'the very long name that nobody can read to its end at all',
  ],
];

export const SENTENCES: readonly string[] = [
  ...['See you at 6.', 'The draft is ready.', 'ok', 'Thanks!', 'On my way', 'Could you call me?'],
  ...['Did you read the second chapter? I think the ending is too quick.', '👍', '🙈🙈🙈', 'haha'],
  ...['The train is late again, I will be there at twenty past.', 'Who brings the projector?'],
  ...['I left the keys with Bo. The blue one is for the cellar.', 'Grüße aus Köln!', 'À demain'],
  ...['Мы встретимся завтра у входа в парк.', 'Спасибо большое, всё получилось!', 'Договорились'],
  ...['Τα λέμε αύριο το πρωί.', 'Που είσαι;', 'أراك غدا في المكتبة', 'شكرا جزيلا على المساعدة'],
  ...[
    'תודה, נתראה מחר',
    'הרכבת מאחרת שוב',
    '明日の朝、駅で会いましょう。',
    '了解です',
    '我到了，你在哪里？',
  ],
  ...['会议改到下午三点', '내일 아침에 봐요', '고마워요!', 'कल सुबह मिलते हैं', 'बहुत धन्यवाद'],
  ...['พรุ่งนี้เจอกันนะ', 'Hẹn gặp lại ngày mai', 'நாளை சந்திப்போம்', 'ነገ እንገናኛለን'],
  ...[
    'Look at **this** and _that_, and `npm start`.',
    '> you said so yourself\nYes, and I meant it.',
  ],
  ...[
    '- milk\n- bread\n- two lemons',
    '```\nfor (const one of all) print(one)\n```',
    '~~never~~ mind',
  ],
  ...[
    'https://example.org/a/long/path?with=query&and=more#part',
    'write to ana@example.org please',
  ],
  ...['Is http://xn--e1awd7f.example/ the right page?', 'price: 1.299,00 € (was 1.499,00 €)'],
  ...[
    '\u05d0\u05d1 mixed with latin and 123 numbers \u05d2\u05d3',
    'Z\u0351\u0343a\u0310\u0352l\u0324g\u0339o',
  ],
  ...['👩‍👩‍👧‍👦 🏳️‍🌈 🇺🇳 1️⃣', 'ﷺ ﷽', 'Վաղը կտեսնվենք'],
  ...['<b>not bold</b> & "quotes" \'too\'', '   spaces   kept   '],
];

export const LONG_TEXT =
  'This is a long letter. It tells of a journey by night train, of a border crossed at dawn, and ' +
  'of the kindness of people who had no reason to be kind. ';
