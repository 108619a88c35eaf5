PRAGMA application_id = 1481655629;
PRAGMA user_version = 1;
PRAGMA journal_mode = wal;
CREATE TABLE total (
    tasks INTEGER NOT NULL, first_clock BLOB,
    epochs INTEGER NOT NULL, entries INTEGER NOT NULL, entry_bytes INTEGER NOT NULL
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
INSERT INTO total VALUES (2, CAST('[1,"manual",1767225600000,1796094901889,60.0]' AS BLOB), 1, 3, 6922);
INSERT INTO namespace VALUES ('default', 2, 2);
INSERT INTO fact VALUES ('default', 'clock', CAST('[1,"manual",1767225610000,1796094902695,60.0]' AS BLOB));
INSERT INTO fact VALUES ('default', 'pins', CAST('[1,null,[{"scenario":"failed"}]]' AS BLOB));
INSERT INTO task VALUES (1, 'default', 't-1', 0, NULL, 0, CAST('{"format":1,"id":"t-1","ordinal":0,"version":0,"turns":[{"timeline":"81ddc363b82e0430187f5ebb67441231","runs":"completed","key":"8a464fe5237004c5","born":1767225600000,"request":"{\"input\":{\"text\":\"Refund order 1042\"},\"id\":\"t-1\"}","origin":"http://127.0.0.1:33901","chosen":"its name equals the workflow_id"}]}' AS BLOB));
INSERT INTO task VALUES (2, 'default', 't-2', 1, NULL, 1, CAST('{"format":1,"id":"t-2","ordinal":1,"version":1,"turns":[{"timeline":"1bd570f6dd6bb25b14a6552567c2e60a","runs":"approval","key":"a8f11b6eea0075d6","born":1767225600000,"request":"{\"input\":{\"text\":\"Refund order 1043\"},\"id\":\"t-2\"}","origin":"http://127.0.0.1:33901","signals":[{"at":1767225610000,"kind":"approve","by":"manager","seen":3}],"chosen":"its name equals the workflow_id"}]}' AS BLOB));
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES ('entry', 3);
INSERT INTO sqlite_sequence VALUES ('ring', 5);
INSERT INTO sqlite_sequence VALUES ('task', 2);
INSERT INTO timeline VALUES ('1bd570f6dd6bb25b14a6552567c2e60a', CAST('{"format":1,"name":"approval","source":"scenarios/approval.yaml","steps":[{"id":"pending","status":"pending","line":7,"leave":{"after":[300,300,1]},"sets":{"internal_status":"Waiting for a free worker"}},{"id":"extract","status":"executing","line":10,"leave":{"after":[800,800,2]},"sets":{"last_executed_node_id":"extract-invoice","internal_status":"Reading the invoice"}},{"id":"waiting","status":"paused","line":14,"leave":{"on":[["approve",3],["reject",5]],"expiry":[86400000,86400000,6]},"sets":{"last_executed_node_id":"manager-approval","internal_status":"Waiting for the manager"},"pause":{"kind":"hitl","property":"hitl_request","shown":{"wait_node_id":"manager-approval"},"details":{"title":{"$template":"Refund for {{ fake.name }}"},"content":{"$template":"{{ input.text or ''A refund of 249.00 EUR for a late delivery.'' }}"}}}},{"id":"pay","status":"executing","line":22,"leave":{"after":[900,900,4]},"sets":{"last_executed_node_id":"pay-out","internal_status":"Paying out the refund"}},{"id":"paid","status":"completed","line":26,"sets":{"last_executed_node_id":"end-summarizer","internal_status":"Refund paid","tokens":{"prompt_tokens":1240,"completion_tokens":310,"total_tokens":1550},"result":{"$template":"The refund for {{ fake.name }} was approved and paid out."}}},{"id":"rejected","status":"stopped","line":33,"sets":{"internal_status":"Rejected by the manager","tokens":{"prompt_tokens":980,"completion_tokens":120,"total_tokens":1100},"result":{"$template":"The refund for {{ fake.name }} was rejected{% if signal.reason %}: {{ signal.reason }}{% endif %}."}}},{"id":"expired","status":"error","line":39,"sets":{"internal_status":"The approval has expired","tokens":{"prompt_tokens":980,"completion_tokens":120,"total_tokens":1100},"result":"Nobody decided on the refund within 24 hours."}}]}' AS BLOB));
INSERT INTO timeline VALUES ('81ddc363b82e0430187f5ebb67441231', CAST('{"format":1,"name":"completed","source":"scenarios/completed.yaml","steps":[{"id":"pending","status":"pending","line":7,"leave":{"after":[400,400,1]},"sets":{"internal_status":"Waiting for a free worker"}},{"id":"read","status":"executing","line":10,"leave":{"after":[700,700,2]},"sets":{"last_executed_node_id":"read-request","internal_status":"Reading the request"}},{"id":"write","status":"executing","line":14,"leave":{"after":[800,800,3]},"sets":{"last_executed_node_id":"write-answer","internal_status":"Writing the answer"}},{"id":"completed","status":"completed","line":18,"sets":{"last_executed_node_id":"end-summarizer","internal_status":"Answered","tokens":{"prompt_tokens":812,"completion_tokens":164,"total_tokens":976},"result":{"$template":"Done{% if input.user.first_name %}, {{ input.user.first_name }}{% endif %}. {% if input.text %}You asked: \"{{ input.text }}\". {% endif %}{{ fake.company }} confirms that order {{ fake.ean8 }} is on its way."}}}]}' AS BLOB));
INSERT INTO follows VALUES ('1bd570f6dd6bb25b14a6552567c2e60a', 2);
INSERT INTO follows VALUES ('81ddc363b82e0430187f5ebb67441231', 1);
INSERT INTO ring VALUES (1, 'default', '', 'sender');
INSERT INTO ring VALUES (2, 'default', 't-2', 'sender');
INSERT INTO ring VALUES (3, 'default', 'requests', 'sender');
INSERT INTO ring VALUES (4, 'default', '', 'sender');
INSERT INTO ring VALUES (5, 'default', 'requests', 'sender');
INSERT INTO log VALUES ('default', 1, 32, 3, 3);
INSERT INTO entry VALUES (1, 'default', 1, CAST('[1,{"ordinal":1,"time":1796094902660,"clock":["manual",1767225600000,1796094901889,60.0],"seconds":0.014766547000022001,"method":"POST","path":"/v1/workflows/completed/invoke/async","query":"","operation":"invokeWorkflowAsync","request_headers":[["host","127.0.0.1:33901"],["user-agent","curl/7.88.1"],["accept","*/*"],["x-api-key","[redacted]"],["content-type","application/json"],["content-length","49"]],"request_body":"{\"input\":{\"text\":\"Refund order 1042\"},\"id\":\"t-1\"}","request_size":49,"status":200,"headers":[["content-type","application/json"],["content-length","1164"],["x-emulator-scenario","completed"],["x-emulator-step","pending"],["x-emulator-source","scenarios/completed.yaml:7"],["x-ratelimit-limit","100"],["x-ratelimit-remaining","99"],["x-ratelimit-reset","1767225660"],["x-emulator-request","1"]],"body":"{\"id\":\"t-1\",\"agent_id\":\"completed\",\"organization_id\":\"e83867d0-cde1-4a93-8f77-992f1083cad8\",\"input\":{\"text\":\"Refund order 1042\",\"files\":[],\"user\":null},\"status\":\"pending\",\"internal_status\":\"Waiting for a free worker\",\"last_executed_node_id\":null,\"agent_version\":null,\"created_at\":\"2026-01-01T00:00:00.000000Z\",\"started_at\":null,\"paused_at\":null,\"finished_at\":null,\"result\":null,\"parent_execution\":null,\"sub_executions\":[],\"finished_sub_executions\":[],\"is_manually_stopped\":false,\"payload_extension\":null,\"hitl_request\":null,\"pending_eca_request\":null,\"source\":\"api\",\"worker_id\":null,\"additional_context\":null,\"instructions_override\":null,\"expected_output\":null,\"test_run_node_id\":null,\"is_orchestration\":true,\"output_format\":\"text\",\"voice_id\":null,\"output_schema\":null,\"events_streaming\":false,\"used_mutating_tools\":false,\"is_continuous\":false,\"mcp_servers\":[],\"triggering_agent_id\":null,\"title\":null,\"think_mode\":\"default\",\"disable_attachment_injection\":false,\"deep_planning\":{\"enabled\":false,\"enforce\":false,\"started\":false,\"question_raised\":false,\"tasks\":[]},\"execution_attempts\":1,\"user_tokens\":null,\"user_oidc_token\":null,\"return_metrics\":false,\"tokens\":null}","size":1164,"epoch":1,"task_id":"t-1","turn":1,"runs":"completed","scenario":"completed","step":"pending","file":"scenarios/completed.yaml","line":7,"task_status":"pending","chosen":"its name equals the workflow_id"}]' AS BLOB));
INSERT INTO entry VALUES (2, 'default', 2, CAST('[1,{"ordinal":2,"time":1796094902674,"clock":["manual",1767225600000,1796094901889,60.0],"seconds":0.0013184120000460098,"method":"POST","path":"/v1/workflows/approval/invoke/async","query":"","operation":"invokeWorkflowAsync","request_headers":[["host","127.0.0.1:33901"],["user-agent","curl/7.88.1"],["accept","*/*"],["x-api-key","[redacted]"],["content-type","application/json"],["content-length","49"]],"request_body":"{\"input\":{\"text\":\"Refund order 1043\"},\"id\":\"t-2\"}","request_size":49,"status":200,"headers":[["content-type","application/json"],["content-length","1163"],["x-emulator-scenario","approval"],["x-emulator-step","pending"],["x-emulator-source","scenarios/approval.yaml:7"],["x-ratelimit-limit","100"],["x-ratelimit-remaining","98"],["x-ratelimit-reset","1767225660"],["x-emulator-request","2"]],"body":"{\"id\":\"t-2\",\"agent_id\":\"approval\",\"organization_id\":\"e83867d0-cde1-4a93-8f77-992f1083cad8\",\"input\":{\"text\":\"Refund order 1043\",\"files\":[],\"user\":null},\"status\":\"pending\",\"internal_status\":\"Waiting for a free worker\",\"last_executed_node_id\":null,\"agent_version\":null,\"created_at\":\"2026-01-01T00:00:00.000000Z\",\"started_at\":null,\"paused_at\":null,\"finished_at\":null,\"result\":null,\"parent_execution\":null,\"sub_executions\":[],\"finished_sub_executions\":[],\"is_manually_stopped\":false,\"payload_extension\":null,\"hitl_request\":null,\"pending_eca_request\":null,\"source\":\"api\",\"worker_id\":null,\"additional_context\":null,\"instructions_override\":null,\"expected_output\":null,\"test_run_node_id\":null,\"is_orchestration\":true,\"output_format\":\"text\",\"voice_id\":null,\"output_schema\":null,\"events_streaming\":false,\"used_mutating_tools\":false,\"is_continuous\":false,\"mcp_servers\":[],\"triggering_agent_id\":null,\"title\":null,\"think_mode\":\"default\",\"disable_attachment_injection\":false,\"deep_planning\":{\"enabled\":false,\"enforce\":false,\"started\":false,\"question_raised\":false,\"tasks\":[]},\"execution_attempts\":1,\"user_tokens\":null,\"user_oidc_token\":null,\"return_metrics\":false,\"tokens\":null}","size":1163,"epoch":1,"task_id":"t-2","turn":1,"runs":"approval","scenario":"approval","step":"pending","file":"scenarios/approval.yaml","line":7,"task_status":"pending","chosen":"its name equals the workflow_id"}]' AS BLOB));
INSERT INTO entry VALUES (3, 'default', 3, CAST('[1,{"ordinal":3,"time":1796094902768,"clock":["manual",1767225610000,1796094902695,60.0],"seconds":0.001131576000034329,"method":"GET","path":"/v1/tasks/t-2","query":"","operation":"getTask","request_headers":[["host","127.0.0.1:33901"],["user-agent","curl/7.88.1"],["accept","*/*"],["x-api-key","[redacted]"],["content-type","application/json"]],"request_body":"","request_size":0,"status":200,"headers":[["content-type","application/json"],["content-length","1191"],["x-emulator-scenario","approval"],["x-emulator-step","pay"],["x-emulator-source","scenarios/approval.yaml:22"],["x-ratelimit-limit","100"],["x-ratelimit-remaining","97"],["x-ratelimit-reset","1767225660"],["x-emulator-request","3"]],"body":"{\"id\":\"t-2\",\"agent_id\":\"approval\",\"organization_id\":\"e83867d0-cde1-4a93-8f77-992f1083cad8\",\"input\":{\"text\":\"Refund order 1043\",\"files\":[],\"user\":null},\"status\":\"executing\",\"internal_status\":\"Paying out the refund\",\"last_executed_node_id\":\"pay-out\",\"agent_version\":null,\"created_at\":\"2026-01-01T00:00:00.000000Z\",\"started_at\":\"2026-01-01T00:00:00.300000Z\",\"paused_at\":null,\"finished_at\":null,\"result\":null,\"parent_execution\":null,\"sub_executions\":[],\"finished_sub_executions\":[],\"is_manually_stopped\":false,\"payload_extension\":null,\"hitl_request\":null,\"pending_eca_request\":null,\"source\":\"api\",\"worker_id\":null,\"additional_context\":null,\"instructions_override\":null,\"expected_output\":null,\"test_run_node_id\":null,\"is_orchestration\":true,\"output_format\":\"text\",\"voice_id\":null,\"output_schema\":null,\"events_streaming\":false,\"used_mutating_tools\":false,\"is_continuous\":false,\"mcp_servers\":[],\"triggering_agent_id\":null,\"title\":null,\"think_mode\":\"default\",\"disable_attachment_injection\":false,\"deep_planning\":{\"enabled\":false,\"enforce\":false,\"started\":false,\"question_raised\":false,\"tasks\":[]},\"execution_attempts\":1,\"user_tokens\":null,\"user_oidc_token\":null,\"return_metrics\":false,\"tokens\":null}","size":1191,"epoch":1,"task_id":"t-2","turn":1,"runs":"approval","scenario":"approval","step":"pay","file":"scenarios/approval.yaml","line":22,"task_status":"executing","chosen":"its name equals the workflow_id"}]' AS BLOB));
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
