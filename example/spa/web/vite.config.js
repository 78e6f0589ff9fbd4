// Vite serves the pages and passes the rest on to the Go server, which runs with
// BASE_URL=http://localhost:5173 (docs/spa.md).
const server = process.env.SERVER ?? "http://localhost:8080";

export default {
  server: {
    port: 5173,
    strictPort: true,
    proxy: {
      "/auth": server,
      "/api": server,
    },
  },
};
