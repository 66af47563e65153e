import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `npm run dev` shows pages as they are written; the API comes from a running `pgflow ui`.
const api = process.env["PGFLOW_UI_API"] ?? "http://127.0.0.1:7077";
const token = process.env["PGFLOW_UI_TOKEN"] ?? "dev";

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../src/pgflow/web/static",
    emptyOutDir: true,
    // The page's policy allows no inline code or data.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      "/api": {
        target: api,
        changeOrigin: true,
        headers: { authorization: `Bearer ${token}` },
        configure: (proxy) => {
          proxy.on("proxyReq", (request) => {
            request.removeHeader("origin");
            request.removeHeader("sec-fetch-site");
          });
        },
      },
    },
  },
});
