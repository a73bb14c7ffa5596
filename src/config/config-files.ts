/** The names that a config may have in the folder where a command starts; looked for in this order. */
export const CONFIG_FILES = ['bide.config.ts', 'bide.config.mts', 'bide.config.js', 'bide.config.mjs'] as const;
