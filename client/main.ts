import '@fontsource-variable/inter';
import '@fontsource-variable/jetbrains-mono';
import './ui/tokens.css';
import './ui/base.css';
import { createApp } from 'vue';
import App from './App.vue';
import { createRouterOf } from './router.ts';
import { createTheme, THEME } from './theme.ts';
import { createSession, SESSION } from './session.ts';
import { createToasts, TOASTS } from './ui/toasts.ts';

const session = createSession();
const router = createRouterOf(session);
const app = createApp(App);
app.provide(SESSION, session);
app.provide(THEME, createTheme(router));
app.provide(TOASTS, createToasts());
app.use(router);
app.mount('#app');
