-- +goose Up
-- Times are text in RFC 3339, UTC, so that one statement serves SQLite and
-- PostgreSQL and sorts the same in both.
CREATE TABLE users (
    id         text PRIMARY KEY,
    webhook    text NOT NULL,
    created_at text NOT NULL
);

CREATE TABLE subscriptions (
    id         text PRIMARY KEY,
    user_id    text NOT NULL REFERENCES users (id),
    kind       text NOT NULL,
    term       text NOT NULL,
    created_at text NOT NULL
);
CREATE INDEX subscriptions_by_user ON subscriptions (user_id);

CREATE TABLE papers (
    id         text NOT NULL,
    version    integer NOT NULL,
    title      text NOT NULL,
    abstract   text NOT NULL,
    authors    text NOT NULL, -- JSON array
    categories text NOT NULL, -- JSON array, the primary one first
    published  text NOT NULL,
    updated    text NOT NULL,
    PRIMARY KEY (id, version)
);

CREATE TABLE summaries (
    paper_id   text NOT NULL,
    version    integer NOT NULL,
    prompt     text NOT NULL,
    model      text NOT NULL,
    provider   text NOT NULL,
    text       text NOT NULL,
    created_at text NOT NULL,
    PRIMARY KEY (paper_id, version, prompt, model)
);

CREATE TABLE deliveries (
    notification_id text PRIMARY KEY,
    subscriber_id   text NOT NULL,
    subscription_id text NOT NULL,
    paper_id        text NOT NULL,
    version         integer NOT NULL,
    delivered_at    text NOT NULL
);

CREATE TABLE cursors (
    name       text PRIMARY KEY,
    value      text NOT NULL,
    updated_at text NOT NULL
);

-- +goose Down
DROP TABLE cursors;
DROP TABLE deliveries;
DROP TABLE summaries;
DROP TABLE papers;
DROP TABLE subscriptions;
DROP TABLE users;
