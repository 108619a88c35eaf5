# The emulator as a container that is not root: docker build -t xpander-emulator .
# Off the container's own loopback the control API asks for a token: docker run -e EMULATOR_TOKEN=… -p 4020:4020 …

FROM python:3.11-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE openapi.yaml ./
COPY emulator emulator
COPY scenarios scenarios
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.11-slim
COPY --from=build /wheels /wheels
# hadolint ignore=DL3013
RUN pip install --no-cache-dir "$(ls /wheels/*.whl)[fast,redis]" \
    && rm -r /wheels \
    && useradd --system --create-home --uid 10001 emulator
USER 10001
WORKDIR /home/emulator
ENV EMULATOR_HOST=0.0.0.0
EXPOSE 4020
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 \
    CMD ["xpander-emulator", "wait", "--url", "http://127.0.0.1:4020", "--timeout", "2"]
ENTRYPOINT ["xpander-emulator"]
CMD ["serve"]
