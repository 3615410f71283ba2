-- Department lists are printed with the comments on their cases.
GRANT SELECT ON case_comments TO portal_export_worker;
