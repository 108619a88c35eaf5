PRAGMA application_id = 1481655629;
PRAGMA user_version = 2;
PRAGMA journal_mode = wal;
CREATE TABLE total (
    tasks INTEGER NOT NULL, first_clock BLOB,
    epochs INTEGER NOT NULL, entries INTEGER NOT NULL, entry_bytes INTEGER NOT NULL, salt BLOB NOT NULL
);
CREATE TABLE namespace (
    name TEXT PRIMARY KEY, ordinals INTEGER NOT NULL DEFAULT 0, tasks INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE fact (
    namespace TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (namespace, name)
) WITHOUT ROWID;
CREATE TABLE task (
    mark INTEGER PRIMARY KEY AUTOINCREMENT, namespace TEXT NOT NULL, id TEXT NOT NULL, ordinal INTEGER NOT NULL,
    parent TEXT, version INTEGER NOT NULL, record BLOB NOT NULL, UNIQUE (namespace, id)
);
CREATE TABLE timeline (name TEXT PRIMARY KEY, text BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE follows (timeline TEXT NOT NULL, mark INTEGER NOT NULL, PRIMARY KEY (timeline, mark)) WITHOUT ROWID;
CREATE TABLE ring (
    number INTEGER PRIMARY KEY AUTOINCREMENT, namespace TEXT NOT NULL, id TEXT NOT NULL, sender TEXT NOT NULL
);
CREATE TABLE hit (
    namespace TEXT NOT NULL, id TEXT NOT NULL, rule TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (namespace, id, rule)
) WITHOUT ROWID;
CREATE TABLE log (
    namespace TEXT PRIMARY KEY, epoch INTEGER NOT NULL, taken INTEGER NOT NULL DEFAULT 0,
    added INTEGER NOT NULL DEFAULT 0, entries INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE entry (
    number INTEGER PRIMARY KEY AUTOINCREMENT, namespace TEXT NOT NULL, ordinal INTEGER NOT NULL, record BLOB NOT NULL,
    UNIQUE (namespace, ordinal)
);
INSERT INTO total VALUES (2, CAST('[2,"scaled",1,2,60.0]' AS BLOB), 1, 1, 697, CAST('salt' AS BLOB));
INSERT INTO namespace VALUES ('ns', 2, 2);
INSERT INTO fact VALUES ('ns', 'clock', CAST('[2,"scaled",3,4,60.0]' AS BLOB));
INSERT INTO fact VALUES ('ns', 'faults', CAST('[2,{"fault":{"name":"busy","kind":"status","status":503,"low":1,"high":2,"over":3,"headers":[["Retry-After","1"]],"body":{"detail":"busy"},"event":4},"nth":2,"times":null,"operation":"getTask","task_status":"paused"}]' AS BLOB));
INSERT INTO fact VALUES ('ns', 'pins', CAST('[2,"approval",[{"scenario":"everything","path":"approve","plan":[[1,"waiting","approve"]],"fault":{"rule":{"fault":{"name":"busy","kind":"status","status":503,"low":1,"high":2,"over":3,"headers":[["Retry-After","1"]],"body":{"detail":"busy"},"event":4},"nth":2,"times":null,"operation":"getTask","task_status":"paused"},"step":"waiting"}}]]' AS BLOB));
INSERT INTO task VALUES (1, 'ns', 'parent', 0, NULL, 4, CAST('{"format":2,"id":"parent","ordinal":0,"version":4,"turns":[{"timeline":"b72e9de2d8f44e894e817f1d1e88f727","runs":"everything","key":"8000000000000005","born":1000,"request":"{\"input\":{\"text\":\"Refund\"}}","kind":"agent","version":"7","origin":"http://127.0.0.1:4020","offset":9,"signals":[{"at":2000,"kind":"update","by":"ann","reason":"so","payload":{"status":"paused","title":"é"},"skipped":7,"seen":2}],"chosen":"by its id","plan":[[1,"waiting","approve"]]}]}' AS BLOB));
INSERT INTO task VALUES (2, 'ns', 'child', 1, 'parent', 5, CAST('{"format":2,"id":"child","ordinal":1,"version":5,"turns":[{"timeline":"b72e9de2d8f44e894e817f1d1e88f727","runs":"everything","key":"8000000000000005","born":1000,"request_base64":"/w==","kind":"agent","version":"7","origin":"http://127.0.0.1:4020","offset":9,"chosen":"by its id","plan":[[1,"waiting","approve"]]},{"timeline":"b72e9de2d8f44e894e817f1d1e88f727","runs":"everything","key":"8000000000000005","born":1000,"request":"{\"input\":{\"text\":\"Refund\"}}","kind":"agent","version":"7","origin":"http://127.0.0.1:4020","offset":9,"signals":[{"at":2000,"kind":"update","by":"ann","reason":"so","payload":{"status":"paused","title":"é"},"skipped":7,"seen":2}],"chosen":"by its id","plan":[[1,"waiting","approve"]]}],"parent":"parent","follows":["parent",0,1]}' AS BLOB));
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES ('entry', 1);
INSERT INTO sqlite_sequence VALUES ('ring', 4);
INSERT INTO sqlite_sequence VALUES ('task', 2);
INSERT INTO timeline VALUES ('b72e9de2d8f44e894e817f1d1e88f727', CAST('{"format":2,"name":"everything","source":"stories/everything.yaml","steps":[{"id":"begin","status":"pending","line":3,"leave":{"polls":[2,1]},"sets":{"template":{"$template":"{{ input.text }}"},"fake":{"$fake":"name"},"minted":{"$minted":["tool",1]},"list":[1,2.5,null,true,{"$float":"inf"},{"$int":"1152921504606846976"}],"object":{"$object":{"$fake":"z\u00fcrich"}}},"streams_result":true},{"id":"waiting","status":"paused","line":9,"leave":{"on":[["approve",2],["reject",3]],"expiry":[1000,2000,2]},"sets":{"result":null},"pause":{"kind":"hitl","property":"pending_hitl_request","shown":{"title":{"$template":"t"}},"details":{"text":"x"}},"sub_tasks":[{"runs":"child","request":{"input":{"text":"y"}}}],"events":[[5,"think",{"text":{"$template":"z"}}]],"faults":[{"fault":{"name":"busy","kind":"status","status":503,"low":1,"high":2,"over":3,"headers":[["Retry-After","1"]],"body":{"detail":"busy"},"event":4},"nth":2,"times":null,"operation":"getTask","task_status":"paused"}]},{"id":"done","status":"executing","line":0,"leave":{"after":[1,1,3]}},{"id":"end","status":"completed","line":0,"sets":{"result":"r"}}],"faults":{"named":{"busy":{"name":"busy","kind":"status","status":503,"low":1,"high":2,"over":3,"headers":[["Retry-After","1"]],"body":{"detail":"busy"},"event":4}},"rules":[{"fault":{"name":"cut","kind":"cut-stream","event":7}}]}}' AS BLOB));
INSERT INTO follows VALUES ('b72e9de2d8f44e894e817f1d1e88f727', 1);
INSERT INTO follows VALUES ('b72e9de2d8f44e894e817f1d1e88f727', 2);
INSERT INTO ring VALUES (1, 'ns', '', 'sender');
INSERT INTO ring VALUES (2, 'ns', 'parent', 'sender');
INSERT INTO ring VALUES (3, 'ns', 'parent', 'sender');
INSERT INTO ring VALUES (4, 'ns', 'requests', 'sender');
INSERT INTO hit VALUES ('ns', '', 'busy once', 1);
INSERT INTO hit VALUES ('ns', 'parent', 'busy once', 1);
INSERT INTO log VALUES ('ns', 1, 32, 1, 1);
INSERT INTO entry VALUES (1, 'ns', 1, CAST('[1,{"ordinal":1,"time":1000,"clock":["scaled",3,4,60.0],"seconds":0.25,"method":"POST","path":"/v1/workflows/everything/invoke","query":"a=é","operation":"invokeWorkflow","request_body":"{\"input\":{}}","request_size":12,"status":422,"headers":[["content-type","application/json"]],"body":["/w=="],"size":1,"epoch":2,"violations":[[["body","input"],"Field required","missing",{},"text",{"a":1}]],"fault":"busy","events":3,"task_id":"parent","turn":1,"runs":"everything","scenario":"everything","step":"waiting","file":"stories/everything.yaml","line":9,"task_status":"paused","chosen":"by its id","fault_kind":"status","fault_place":["everything","waiting"],"request_headers":[["accept","*/*"]]}]' AS BLOB));
CREATE INDEX task_ordinal ON task (namespace, ordinal);
CREATE INDEX task_parent ON task (namespace, parent, ordinal) WHERE parent IS NOT NULL;
CREATE INDEX follows_mark ON follows (mark);
CREATE TRIGGER added AFTER INSERT ON task BEGIN
    UPDATE total SET tasks = tasks + 1;
    UPDATE namespace SET tasks = tasks + 1 WHERE name = new.namespace;
END;
CREATE TRIGGER removed AFTER DELETE ON task BEGIN
    UPDATE total SET tasks = tasks - 1;
    UPDATE namespace SET tasks = tasks - 1 WHERE name = old.namespace;
    DELETE FROM follows WHERE mark = old.mark;
    DELETE FROM hit WHERE namespace = old.namespace AND id = old.id;
END;
CREATE TRIGGER unfollowed AFTER DELETE ON follows
WHEN NOT EXISTS (SELECT 1 FROM follows WHERE timeline = old.timeline) BEGIN
    DELETE FROM timeline WHERE name = old.timeline;
END;
CREATE TRIGGER entered AFTER INSERT ON entry BEGIN
    UPDATE log SET added = added + 1, entries = entries + 1 WHERE namespace = new.namespace;
    UPDATE total SET entries = entries + 1, entry_bytes = entry_bytes + length(new.record);
END;
CREATE TRIGGER amended AFTER UPDATE ON entry BEGIN
    UPDATE total SET entry_bytes = entry_bytes + length(new.record) - length(old.record);
END;
CREATE TRIGGER dropped AFTER DELETE ON entry BEGIN
    UPDATE log SET entries = entries - 1 WHERE namespace = old.namespace;
    UPDATE total SET entries = entries - 1, entry_bytes = entry_bytes - length(old.record);
END;
CREATE TRIGGER rung AFTER INSERT ON ring WHEN new.number % 64 = 0 BEGIN
    DELETE FROM ring WHERE number <= new.number - 1024;
END;
