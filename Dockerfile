# The sandbox as an image: docker build -t chanx-sandbox .
# It runs with config.settings.prod, whose secrets the environment must give; see docs/sandbox.md.

# --- the AI chat page ------------------------------------------------------------------------------------------------
FROM node:20-bookworm-slim AS pages
WORKDIR /src
COPY tools/frontend.sh tools/frontend.sh
COPY frontend frontend
RUN mkdir -p sandbox_django/static && tools/frontend.sh build

# --- the package with its C++ core, and what the sandbox runs on -----------------------------------------------------
FROM python:3.12-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
        cmake g++ libboost1.81-dev libhiredis-dev libsimdjson-dev libssl-dev ninja-build \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY tools/requirements.py tools/requirements.py
COPY pyproject.toml README.md LICENSE CMakeLists.txt ./
RUN python -m venv /venv \
    && python tools/requirements.py sandbox > /tmp/requirements.txt \
    && /venv/bin/pip install --no-cache-dir -r /tmp/requirements.txt
COPY cmake cmake
COPY src src
COPY python python
RUN /venv/bin/pip install --no-cache-dir --no-deps ".[channels]"

# --- what runs -------------------------------------------------------------------------------------------------------
FROM python:3.12-slim-bookworm
RUN apt-get update && apt-get install -y --no-install-recommends libhiredis0.14 libsimdjson14 libssl3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /data sandbox
COPY --from=build /venv /venv
WORKDIR /app
# The offline model quotes the documentation.
COPY README.md README.md
COPY docs docs
COPY llm_server llm_server
COPY sandbox_django sandbox_django
COPY --from=pages /src/sandbox_django/static/ai-chat sandbox_django/static/ai-chat
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=config.settings.prod \
    SANDBOX_DATA_DIR=/data
USER sandbox
# Static files need no secret; the values are for this step alone.
RUN DJANGO_SECRET_KEY=only-to-collect-static-files-0123456789 ALLOWED_HOSTS=localhost \
    CSRF_TRUSTED_ORIGINS=http://localhost python sandbox_django/manage.py collectstatic --noinput
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
CMD ["uvicorn", "config.asgi:application", "--app-dir", "sandbox_django", "--host", "0.0.0.0", "--port", "8000"]
