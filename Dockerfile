# One image for everything: the server, the models that come along, and the Python that makes the trainer's environment at the first run.
FROM node:24-trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run db:generate && npm run build && mkdir /data && chown node:node /data
ENV EMEND_HOST=0.0.0.0 EMEND_DATA=/data
USER node
VOLUME /data
EXPOSE 4400
HEALTHCHECK --interval=30s --start-period=60s CMD ["node", "-e", "fetch('http://127.0.0.1:4400/api/v1/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "server/main.ts"]
