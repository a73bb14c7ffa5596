/** The generator's own theme without its fonts, in the colours of the dashboard. */
import DefaultTheme from 'vitepress/theme-without-fonts';
import './style.css';

export default DefaultTheme;
