FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements.txt ./
RUN pip install --require-hashes -r requirements.txt
COPY . ./
# Collecting static files reads the settings but reaches no server.
RUN SECRET_KEY=build DATABASE_URL=postgres://build/build python manage.py collectstatic --no-input \
    && useradd --system --uid 10001 tributary \
    && install -d -o tributary var
USER tributary
EXPOSE 8000
CMD ["gunicorn", "workspace.wsgi", "--bind", "0.0.0.0:8000", "--threads", "4"]
