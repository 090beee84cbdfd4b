"""A guest book: a page with a form, and the entries kept in MariaDB."""
import os
from contextlib import closing

import pymysql
from flask import Flask, jsonify, redirect, render_template_string, request

app = Flask(__name__)

PAGE = """<!doctype html>
<title>Guest book</title>
<h1>Guest book</h1>
<form method="post"><input name="text" placeholder="Say hello" required> <button>Sign</button></form>
<ul>{% for text in entries %}<li>{{ text }}</li>{% endfor %}</ul>
"""


def connect():
    connection = pymysql.connect(
        host=os.environ["DB_HOST"],
        user=os.environ["DB_USER"],
        password=os.environ["DB_PASSWORD"],
        database=os.environ["DB_NAME"],
        autocommit=True,
    )
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS entries (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(500) NOT NULL)")
    return connection


@app.get("/")
def entries():
    with closing(connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT text FROM entries ORDER BY id DESC")
        return render_template_string(PAGE, entries=[text for (text,) in cursor.fetchall()])


@app.post("/")
def sign():
    with closing(connect()) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO entries (text) VALUES (%s)", (request.form["text"][:500],))
    return redirect("/")


@app.get("/healthz")
def healthz():
    with closing(connect()):
        return jsonify(status="ok")
