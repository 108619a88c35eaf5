PRAGMA application_id = 1481655629;
PRAGMA user_version = 1;
PRAGMA journal_mode = wal;
CREATE TABLE total (tasks INTEGER NOT NULL, first_clock BLOB);
CREATE TABLE namespace (
    name TEXT PRIMARY KEY, ordinals INTEGER NOT NULL DEFAULT 0, tasks INTEGER NOT NULL DEFAULT 0, clock BLOB, pins BLOB
) WITHOUT ROWID;
CREATE TABLE task (
    mark INTEGER PRIMARY KEY AUTOINCREMENT, namespace TEXT NOT NULL, id TEXT NOT NULL, ordinal INTEGER NOT NULL,
    parent TEXT, version INTEGER NOT NULL, record BLOB NOT NULL, UNIQUE (namespace, id)
);
CREATE TABLE timeline (name TEXT PRIMARY KEY, text BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE follows (timeline TEXT NOT NULL, mark INTEGER NOT NULL, PRIMARY KEY (timeline, mark)) WITHOUT ROWID;
CREATE TABLE ring (number INTEGER PRIMARY KEY AUTOINCREMENT, namespace TEXT NOT NULL, id TEXT NOT NULL);
INSERT INTO total VALUES (2, CAST('[1,"manual",1767225600000,1796094897039,60.0]' AS BLOB));
INSERT INTO namespace VALUES ('default', 2, 2, CAST('[1,"manual",1767225610000,1796094897797,60.0]' AS BLOB), CAST('[1,null,["failed"]]' AS BLOB));
INSERT INTO task VALUES (1, 'default', 't-1', 0, NULL, 0, CAST('{"format":1,"id":"t-1","ordinal":0,"version":0,"turns":[{"timeline":"81ddc363b82e0430187f5ebb67441231","runs":"completed","key":"8a464fe5237004c5","born":1767225600000,"request":"{\"input\":{\"text\":\"Refund order 1042\"},\"id\":\"t-1\"}","origin":"http://127.0.0.1:33311"}]}' AS BLOB));
INSERT INTO task VALUES (2, 'default', 't-2', 1, NULL, 1, CAST('{"format":1,"id":"t-2","ordinal":1,"version":1,"turns":[{"timeline":"1bd570f6dd6bb25b14a6552567c2e60a","runs":"approval","key":"a8f11b6eea0075d6","born":1767225600000,"request":"{\"input\":{\"text\":\"Refund order 1043\"},\"id\":\"t-2\"}","origin":"http://127.0.0.1:33311","signals":[{"at":1767225610000,"kind":"approve","by":"manager","seen":3}]}]}' AS BLOB));
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES ('ring', 2);
INSERT INTO sqlite_sequence VALUES ('task', 2);
INSERT INTO timeline VALUES ('1bd570f6dd6bb25b14a6552567c2e60a', CAST('{"format":1,"name":"approval","source":"scenarios/approval.yaml","steps":[{"id":"pending","status":"pending","line":7,"leave":{"after":[300,300,1]},"sets":{"internal_status":"Waiting for a free worker"}},{"id":"extract","status":"executing","line":10,"leave":{"after":[800,800,2]},"sets":{"last_executed_node_id":"extract-invoice","internal_status":"Reading the invoice"}},{"id":"waiting","status":"paused","line":14,"leave":{"on":[["approve",3],["reject",5]],"expiry":[86400000,86400000,6]},"sets":{"last_executed_node_id":"manager-approval","internal_status":"Waiting for the manager"},"pause":{"kind":"hitl","property":"hitl_request","shown":{"wait_node_id":"manager-approval"},"details":{"title":{"$template":"Refund for {{ fake.name }}"},"content":{"$template":"{{ input.text or ''A refund of 249.00 EUR for a late delivery.'' }}"}}}},{"id":"pay","status":"executing","line":22,"leave":{"after":[900,900,4]},"sets":{"last_executed_node_id":"pay-out","internal_status":"Paying out the refund"}},{"id":"paid","status":"completed","line":26,"sets":{"last_executed_node_id":"end-summarizer","internal_status":"Refund paid","tokens":{"prompt_tokens":1240,"completion_tokens":310,"total_tokens":1550},"result":{"$template":"The refund for {{ fake.name }} was approved and paid out."}}},{"id":"rejected","status":"stopped","line":33,"sets":{"internal_status":"Rejected by the manager","tokens":{"prompt_tokens":980,"completion_tokens":120,"total_tokens":1100},"result":{"$template":"The refund for {{ fake.name }} was rejected{% if signal.reason %}: {{ signal.reason }}{% endif %}."}}},{"id":"expired","status":"error","line":39,"sets":{"internal_status":"The approval has expired","tokens":{"prompt_tokens":980,"completion_tokens":120,"total_tokens":1100},"result":"Nobody decided on the refund within 24 hours."}}]}' AS BLOB));
INSERT INTO timeline VALUES ('81ddc363b82e0430187f5ebb67441231', CAST('{"format":1,"name":"completed","source":"scenarios/completed.yaml","steps":[{"id":"pending","status":"pending","line":7,"leave":{"after":[400,400,1]},"sets":{"internal_status":"Waiting for a free worker"}},{"id":"read","status":"executing","line":10,"leave":{"after":[700,700,2]},"sets":{"last_executed_node_id":"read-request","internal_status":"Reading the request"}},{"id":"write","status":"executing","line":14,"leave":{"after":[800,800,3]},"sets":{"last_executed_node_id":"write-answer","internal_status":"Writing the answer"}},{"id":"completed","status":"completed","line":18,"sets":{"last_executed_node_id":"end-summarizer","internal_status":"Answered","tokens":{"prompt_tokens":812,"completion_tokens":164,"total_tokens":976},"result":{"$template":"Done{% if input.user.first_name %}, {{ input.user.first_name }}{% endif %}. {% if input.text %}You asked: \"{{ input.text }}\". {% endif %}{{ fake.company }} confirms that order {{ fake.ean8 }} is on its way."}}}]}' AS BLOB));
INSERT INTO follows VALUES ('1bd570f6dd6bb25b14a6552567c2e60a', 2);
INSERT INTO follows VALUES ('81ddc363b82e0430187f5ebb67441231', 1);
INSERT INTO ring VALUES (1, 'default', '');
INSERT INTO ring VALUES (2, 'default', 't-2');
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
END;
CREATE TRIGGER unfollowed AFTER DELETE ON follows
WHEN NOT EXISTS (SELECT 1 FROM follows WHERE timeline = old.timeline) BEGIN
    DELETE FROM timeline WHERE name = old.timeline;
END;
CREATE TRIGGER rung AFTER INSERT ON ring WHEN new.number % 64 = 0 BEGIN
    DELETE FROM ring WHERE number <= new.number - 1024;
END;
