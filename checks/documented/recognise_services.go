package documented

import (
	"strings"
	"sync"
)

// otherServices are the services of AWS whose names are no words of everyday
// language and that an activation has nothing to do with: the service ids of
// botocore 1.44.8 (November 2026).
var otherServices = wordSet(`
abuse-signal accessanalyzer acm acm-pca agent-discovery agent-registry agent-registry-control amplify amplifybackend amplifyuibuilder apigateway
apigatewaymanagementapi apigatewayv2 apiportal appconfig appconfigdata appfabric appflow appintegrations application-autoscaling application-insights
application-signals applicationcostprofiler appmesh apprunner appstream appsync arc-region-switch arc-zonal-shift athena auditmanager autoscaling
autoscaling-plans b2bi backupsearch bcm-dashboards bcm-data-exports bcm-pricing-calculator bcm-recommended-actions bedrock bedrock-agent
bedrock-agent-runtime bedrock-agentcore bedrock-agentcore-control bedrock-data-automation bedrock-data-automation-runtime bedrock-runtime
billingconductor braket cleanrooms cleanroomsml cloud9 clouddirectory cloudfront cloudfront-keyvaluestore cloudhsm cloudhsmv2 cloudsearch
cloudsearchdomain cloudwatchomni codeartifact codebuild codecatalyst codecommit codeconnections codedeploy codeguru-reviewer codeguru-security
codeguruprofiler codepipeline codestar-connections codestar-notifications cognito-identity cognito-idp cognito-sync comprehend comprehendmedical
compute-optimizer compute-optimizer-automation connectcampaigns connectcampaignsv2 connectcases connecthealth connectparticipant connectscheduling
controlcatalog controltower cost-optimization-hub customer-profiles databrew dataexchange datapipeline datazone devicefarm devops-agent devops-guru
directconnect dlm docdb docdb-elastic dsql dynamodb dynamodbstreams ebs ecr ecr-public ecs eks eks-auth elasticache elasticbeanstalk elb elbv2
elementalinference emr emr-containers emr-serverless endusermessaging entityresolution eventbridgev2 firehose fms forecastquery frauddetector freetier
gamelift gameliftstreams geo-maps geo-places geo-routes glacier globalaccelerator glue grafana greengrass greengrassv2 groundstation guardduty
healthlake identitystore imagebuilder importexport inspector inspector-scan inspector2 internetmonitor iot iot-data iot-jobs-data
iot-managed-integrations iotdeviceadvisor iotfleetwise iotsecuretunneling iotsitewise iotthingsgraph iottwinmaker iotwireless ivs ivs-realtime ivschat
kafka kafkaconnect kendra kendra-ranking keyspaces keyspacesstreams kinesis kinesis-video-archived-media kinesis-video-media kinesis-video-signaling
kinesis-video-webrtc-storage kinesisanalytics kinesisanalyticsv2 kinesisvideo lakeformation lambda lambda-core lambda-microvms lambda-web
launch-wizard lex-models lex-runtime lexv2-models lexv2-runtime license-manager license-manager-linux-subscriptions license-manager-user-subscriptions
lightsail lookoutequipment machinelearning macie2 mailmanager managedblockchain managedblockchain-query marketplace-agreement marketplace-catalog
marketplace-deployment marketplace-discovery marketplace-entitlement marketplace-reporting marketplacecommerceanalytics mediaconnect mediaconvert
medialive mediapackage mediapackage-vod mediapackagev2 mediastore mediastore-data mediatailor medical-imaging memorydb meteringmarketplace mgh mgn
migration-hub-refactor-spaces migrationhub-config migrationhuborchestrator migrationhubstrategy mturk mwaa mwaa-serverless neptune neptune-graph
neptunedata network-firewall network-security-manager networkflowmonitor networkmanager networkmonitor notificationscontacts nova-act
observabilityadmin opensearch opensearchmemory opensearchserverless partnercentral-account partnercentral-benefits partnercentral-channel
partnercentral-marketing partnercentral-revenue-measurement partnercentral-selling payment-cryptography payment-cryptography-data pca-connector-ad
pca-connector-scep pinpoint pinpoint-email pinpoint-sms-voice pinpoint-sms-voice-v2 qapps qbusiness qconnect quicksight rds rds-data redshift
redshift-data redshift-serverless rekognition repostspace resiliencehub resiliencehubv2 resource-explorer-2 resource-groups resourcegroupstaggingapi
rolesanywhere route53 route53-recovery-cluster route53-recovery-control-config route53-recovery-readiness route53domains route53globalresolver
route53profiles route53resolver rtbfabric s3control s3files s3outposts s3tables s3vectors sagemaker sagemaker-a2i-runtime sagemaker-edge
sagemaker-featurestore-runtime sagemaker-gateway-runtime sagemaker-geospatial sagemaker-inference-router-runtime sagemaker-metrics sagemaker-runtime
sagemakerjobruntime sagemakertrainingsessionruntime savingsplans security-ir securityagent securityhub securitylake serverlessrepo service-quotas
servicecatalog servicecatalog-appregistry servicediscovery ses sesv2 simpledbv2 sms-voice snow-device-management sns socialmessaging sqs stepfunctions
storagegateway supplychain taxsettings textract timestream-influxdb timestream-query timestream-write trustedadvisor verifiedpermissions voice-id
vpc-lattice waf waf-regional wafv2 wellarchitected wickr workdocs workmail workmailmessageflow workspaces workspaces-instances workspaces-thin-client
workspaces-web xray
`)

// otherProducts are names of services that are not their ids, and of programs whose
// errors read like those of an agent, a task or a client.
var otherProducts = wordSet(`
storage-gateway snow-device systems-manager eventbridge step-functions cloudtrail azure google snowflake salesforce synology nginx haproxy envoy kafka redis mongodb mysql
postgres postgresql elastic-cloud databricks confluent anthropic foundationmodel amazon-connect rclone rsync npm fluent-bit fluentd logstash elasticsearch rabbitmq zookeeper powersync csi
`)

// dataSyncOperations are the operations of DataSync. A test holds them against the
// SDK. Some are other services' too.
var dataSyncOperations = wordSet(`
canceltaskexecution createagent createlocationazureblob createlocationefs createlocationfsxlustre createlocationfsxontap createlocationfsxopenzfs
createlocationfsxwindows createlocationhdfs createlocationnfs createlocationobjectstorage createlocations3 createlocationsmb createtask deleteagent
deletelocation deletetask describeagent describelocationazureblob describelocationefs describelocationfsxlustre describelocationfsxontap
describelocationfsxopenzfs describelocationfsxwindows describelocationhdfs describelocationnfs describelocationobjectstorage describelocations3
describelocationsmb describetask describetaskexecution listagents listlocations listtagsforresource listtaskexecutions listtasks starttaskexecution
tagresource untagresource updateagent updatelocationazureblob updatelocationefs updatelocationfsxlustre updatelocationfsxontap
updatelocationfsxopenzfs updatelocationfsxwindows updatelocationhdfs updatelocationnfs updatelocationobjectstorage updatelocations3 updatelocationsmb
updatetask updatetaskexecution
`)

// stageOperations are those of EC2 and STS that an activation makes, or has made
// for it. Every tool makes them, so that they need a word of DataSync beside them.
var stageOperations = wordSet(`describevpcendpoints describesecuritygroups describesubnets describenetworkinterfaces createnetworkinterface
createnetworkinterfacepermission deletenetworkinterface modifynetworkinterfaceattribute getcalleridentity`)

// wordSet is a set of words that is made when it is first asked for.
func wordSet(list string) func() map[string]bool {
	return sync.OnceValue(func() map[string]bool {
		out := map[string]bool{}
		for _, w := range strings.Fields(list) {
			out[w] = true
		}
		return out
	})
}
