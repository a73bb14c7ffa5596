/** Values as people write them in each language: on one line where they fit, else one part per line. */

const WIDTH_MAX = 96;

interface Language {
  readonly key: (name: string) => string;
  readonly text: (text: string) => string;
  readonly word: (value: boolean | null) => string;
  /** What stands between the braces of an object and its fields on one line. */
  readonly gap: string;
}

const JSON_LIKE: Language = { key: (name) => `${JSON.stringify(name)}: `, text: JSON.stringify, word: String, gap: '' };

const TYPESCRIPT: Language = {
  key: (name) => (/^[a-z_$][\w$]*$/i.test(name) ? `${name}: ` : `${quoted(name)}: `),
  text: quoted,
  word: String,
  gap: ' ',
};

const PYTHON: Language = {
  ...JSON_LIKE,
  word: (value) => (value === null ? 'None' : value ? 'True' : 'False'),
};

export const asJson = (value: unknown) => written(value, JSON_LIKE, '');
export const asTypeScript = (value: unknown) => written(value, TYPESCRIPT, '');
export const asPython = (value: unknown) => written(value, PYTHON, '');

function written(value: unknown, language: Language, indent: string): string {
  if (typeof value === 'string') return language.text(value);
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'object' || value === null) return language.word(value as boolean | null);
  const deeper = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((item) => written(item, language, deeper))
    : Object.entries(value).map(([name, item]) => language.key(name) + written(item, language, deeper));
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const gap = Array.isArray(value) || parts.length === 0 ? '' : language.gap;
  const line = `${open}${gap}${parts.join(', ')}${gap}${close}`;
  if (indent.length + line.length <= WIDTH_MAX && !line.includes('\n')) return line;
  return `${open}\n${parts.map((part) => `${deeper}${part}`).join(',\n')}\n${indent}${close}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
