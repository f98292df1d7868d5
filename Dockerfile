# Two images from one build: `throughline` (ingest and api, without any privilege) and `agent`, which adds libbpf and runs as root,
# because a kubelet keeps the logs of containers readable for root only. What the agent may do beyond that is named in docker-compose.yml.
FROM node:24.21.0-bookworm AS build
RUN apt-get update \
  && apt-get install -y --no-install-recommends clang llvm libbpf-dev libelf-dev linux-libc-dev \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
# In an image, unlike on a developer's machine, a missing kernel half is an error: an agent without it would see less.
RUN node agent/native/build.mjs && test -f agent/native/build/Release/kernel.node
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24.21.0-bookworm-slim AS throughline
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app /app
USER node
ENTRYPOINT ["node", "/app/dist/src/cli.js"]
CMD ["up"]

FROM throughline AS agent
USER root
RUN apt-get update && apt-get install -y --no-install-recommends libbpf1 && rm -rf /var/lib/apt/lists/*
CMD ["agent"]
