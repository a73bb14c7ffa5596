/** A button that copies a text and says so, and a text of a program with such a button. */
import { useState } from 'preact/hooks';
import { html } from '../html.js';

/** @param {{ text: string, label?: string, class?: string }} props */
export function CopyButton({ text, label = 'Copy', class: className = 'small' }) {
  const [said, say] = useState('');
  const copy = async () => {
    // Browsers have it on https and on this machine alone.
    const isCopied = await (navigator.clipboard?.writeText(text) ?? Promise.reject()).then(
      () => true,
      () => false,
    );
    say(isCopied ? 'Copied' : 'Not allowed');
    setTimeout(() => say(''), 1_500);
  };
  return html`<button type="button" class=${className} onClick=${copy} aria-live="polite">${said || label}</button>`;
}

/** @param {{ text: string, label?: string }} props */
export const Code = ({ text, label = 'Copy' }) =>
  html`<div class="code"><pre tabindex="0">${text}</pre><${CopyButton} text=${text} label=${label} class="small copy" /></div>`;
