import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

// EMEND_SERVER: where the API answers while the client is served by Vite (npm run dev).
const server = process.env['EMEND_SERVER'] ?? `http://127.0.0.1:${process.env['EMEND_PORT'] ?? '4400'}`;

export default defineConfig({
  root: fileURLToPath(new URL('client', import.meta.url)),
  plugins: [vue()],
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 1200, reportCompressedSize: false },
  worker: { format: 'es' },
  server: {
    proxy: {
      '/api': { target: server },
      '/socket.io': { target: server, ws: true },
    },
  },
});
