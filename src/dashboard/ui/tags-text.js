/** Tags as somebody types them: `a=1, b=2`. */

/** @param {string} text @returns {Record<string, string>} */
export function tagsOf(text) {
  const parts = text.split(',').map((part) => part.trim());
  const pairs = parts.filter((part) => part !== '').map((part) => part.split('='));
  return Object.fromEntries(pairs.map(([name = '', ...rest]) => [name.trim(), rest.join('=').trim()]));
}

/** @param {Readonly<Record<string, string>>} tags */
export const tagsText = (tags) =>
  Object.entries(tags)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
